-- The definitions once more: joins on windows, calendar functions and pairs, where the
-- package divides day numbers, counts months and sorts.
-- {T}: day after the data, {F}: their first day, {H}: days of a window, {L}: look-back.
with recursive
entries as (
  select *, coalesce(void_day < {T}, false) as void from lines where day < {T}
),
orders as (
  select customer_id, order_id, day, sum(amount)::bigint as amount
  from entries where not is_return and not void group by all
),
money as (
  select customer_id, day, sum(amount)::bigint as amount
  from entries where not void group by all
),
windows as (
  select {T} - {H} as start, {T} as stop
  union all
  select start - {H}, start from windows where start - {H} >= {F}
),
active as (
  select start, stop, customer_id, count(*) as orders, sum(amount)::bigint as gross
  from windows join orders on day >= start and day < stop group by all
),
paid as (
  select start, stop, customer_id, sum(amount)::bigint as net
  from windows join money on day >= start and day < stop group by all
),
pairs as (
  select a.stop as start, a.stop + {H} as stop, a.customer_id,
         coalesce(b.orders, 0) as next_orders,
         p.net as net, coalesce(q.net, 0) as next_net
  from active a
  join windows w on w.start = a.stop
  join paid p on p.customer_id = a.customer_id and p.start = a.start
  left join active b on b.customer_id = a.customer_id and b.start = a.stop
  left join paid q on q.customer_id = a.customer_id and q.start = a.stop
),
firsts as (
  select customer_id, min(day) as first,
         date_trunc('month', date '1970-01-01' + min(day)::int)::date as cohort
  from orders group by all
),
sizes as (select cohort, count(*) as n from firsts group by all),
grid as (
  select cohort, n, age::int as age, (cohort + to_months(age::int))::date as month,
         last_day(cohort + to_months(age::int)) < date '1970-01-01' + {T} as whole
  from sizes,
       unnest(generate_series(0, date_diff('month', cohort,
              date '1970-01-01' + ({T} - 1)))) as t(age)
),
seen as (
  select distinct customer_id, cohort,
         date_diff('month', cohort, date '1970-01-01' + day::int) as age
  from orders join firsts using (customer_id)
),
earned as (
  select cohort, date_diff('month', cohort, date '1970-01-01' + day::int) as age,
         sum(amount)::bigint as part
  from money join firsts using (customer_id) group by all
),
cells as (
  select g.*,
    (select count(*) from seen s where s.cohort = g.cohort and s.age = g.age) as bounded,
    (select count(distinct customer_id) from seen s
      where s.cohort = g.cohort and s.age >= g.age) as rolling,
    (select coalesce(sum(part), 0)::bigint from earned e
      where e.cohort = g.cohort and e.age = g.age) as month_part,
    (select coalesce(sum(part), 0)::bigint from earned e
      where e.cohort = g.cohort and e.age between 0 and g.age) as to_date
  from grid g
),
cohort_rows as (
  select strftime(cohort, '%Y-%m') as scope, age, n,
         if(whole, bounded, null) as bounded, if(whole, rolling, null) as rolling,
         if(whole, month_part, null) as month_part, if(whole, to_date, null) as to_date,
         if(whole, n, null) as whole
  from cells
  union all
  select 'all', age, sum(n), sum(bounded), sum(rolling), sum(month_part), sum(to_date),
         sum(n)
  from cells
  where whole and cohort > date '1970-01-01' + {F}
  group by age
),
spent as (
  select customer_id, greatest(sum(m.amount), 0)::bigint as amount
  from money m
  where day >= greatest({F}, {T} - {L}) and customer_id in
    (select customer_id from orders where day >= greatest({F}, {T} - {L}))
  group by all
),
repeats as (
  select days, customer_id, count(*) filter (day < first + days) as orders
  from orders join firsts using (customer_id), unnest([28, 91, 182, 364]) as t(days)
  where first + days <= {T} group by all
),
spans as (select distinct unnest([{F}, greatest({F}, {T} - {L})]) as start),
bridge as (
  select start, count(distinct customer_id) as n,
    (sum(amount) filter (not is_return))::bigint as gross_sales,
    (-coalesce(sum(amount) filter (not is_return and void), 0))::bigint as refunded_orders,
    coalesce(sum(amount) filter (is_return and not void), 0)::bigint as returned,
    (sum(amount) filter (not void))::bigint as net_revenue
  from entries join spans on day >= start group by all
),
named as (
  select segment_id, customer_id, coalesce(net, 0) as net
  from members left join (select * from paid where stop = {T}) using (customer_id)
),
found as (
  select 'revenue' as kpi, 'all' as scope, null::int as age, start, stop,
         count(*) as n, sum(net)::bigint as part, null::bigint as whole
  from paid group by all
  union all select 'orders', 'all', null, start, stop, count(*), sum(orders), null
  from active group by all
  union all select 'customers', 'all', null, start, stop, count(*), count(*), null
  from active group by all
  union all select 'order_value', 'all', null, start, stop, count(*), sum(gross),
    sum(orders)
  from active group by all
  union all select 'purchase_frequency', 'all', null, start, stop, count(*), sum(orders),
    count(*)
  from active group by all
  union all select 'window_retention', 'all', null, start, stop, count(*),
    count(*) filter (next_orders > 0), count(*)
  from pairs group by all
  union all select 'net_revenue_retention', 'all', null, start, stop, count(*),
    sum(next_net), sum(net)
  from pairs group by all
  union all select 'gross_revenue_retention', 'all', null, start, stop, count(*),
    sum(if(next_net < net, next_net, net)), sum(net)
  from pairs group by all
  union all select 'repeat_rate', days || ' days', null, {F}, {T}, count(*),
    count(*) filter (orders >= 2), count(*)
  from repeats group by all
  union all select 'cohort_retention', scope, age, null, null, n, bounded, whole
  from cohort_rows
  union all select 'rolling_retention', scope, age, null, null, n, rolling, whole
  from cohort_rows
  union all select 'cohort_revenue', scope, age, null, null, n, month_part, whole
  from cohort_rows
  union all select 'cohort_revenue_cumulative', scope, age, null, null, n, to_date, whole
  from cohort_rows
  union all select 'top_decile_share', 'all', null, greatest({F}, {T} - {L}), {T},
    (select count(*) from spent),
    (select sum(amount) from (select amount from spent order by amount desc
      limit (select ceil(count(*) / 10)::bigint from spent))),
    (select sum(amount) from spent)
  union all select 'gross_net_bridge', name, null, start, {T}, n, part, gross
  from (select *, gross_sales as gross from bridge)
    unpivot (part for name in (gross_sales, refunded_orders, returned, net_revenue))
  union all select 'segment_revenue_share', segment_id, null, {T} - {H}, {T}, count(*), sum(net),
    (select sum(net) from named)
  from named group by all
  union all select 'segment_retention', from_id, null, {T} - {H}, {T}, sum(n),
    sum(n) filter (from_id = to_id), sum(n)
  from moves where from_id <> 'NEW' group by all
  union all select 'segment_retention', 'all', null, {T} - {H}, {T}, sum(n),
    sum(n) filter (from_id = to_id), sum(n)
  from moves where from_id <> 'NEW'
)
select kpi, scope, age, start, stop as end, n::bigint as n, part::bigint as part,
  whole::bigint as whole, null::double as value
from found
union all
select 'order_value_median', 'all', null, start, stop, count(distinct customer_id), null,
  null, median(amount) / 1e4
from windows join orders on day >= start and day < stop group by all
union all
-- Half the mean difference of all pairs, over the mean.
select 'gini', 'all', null, greatest({F}, {T} - {L}), {T},
  (select count(*) from spent), null, null,
  sum(abs(a.amount - b.amount)::double) / (2 * any_value(n) * any_value(n) * any_value(mean))
from spent a, spent b, (select count(*) as n, avg(amount) as mean from spent)
