days as (
  select customer_id, day, any_value(ago) as ago,
         day - lag(day) over (partition by customer_id order by day) as pause
  from orders group by customer_id, day
),
money as (
  select customer_id,
    coalesce(sum(amount) filter (ago <= 28), 0) / 1e4 as spend_28,
    coalesce(sum(amount) filter (ago <= 91), 0) / 1e4 as spend_91,
    coalesce(sum(amount) filter (ago <= 182), 0) / 1e4 as spend_182,
    coalesce(sum(amount) filter (ago <= 364), 0) / 1e4 as spend_364,
    coalesce(sum(amount) filter (ago > 91 and ago <= 182), 0) / 1e4 as spend_before
  from known group by customer_id
),
ordered as (
  select customer_id,
    avg(value) filter (ago <= 364) as aov,
    max(value) filter (ago <= 364) as order_max,
    stddev_samp(value) filter (ago <= 364) / avg(value) filter (ago <= 364) as order_cv,
    avg(lines) filter (ago <= 364) as lines_per_order,
    avg(units) filter (ago <= 364) as units_per_order,
    avg(products) filter (ago <= 364 and products > 0) as products_per_order
  from orders group by customer_id
),
rhythm as (
  select customer_id,
    min(ago) as recency_days, count(*) - 1 as x_days,
    max(ago) - min(ago) as t_x_days, max(ago) as age_days,
    count(*) filter (ago <= 28) as freq_days_28,
    count(*) filter (ago <= 91) as freq_days_91,
    count(*) filter (ago <= 182) as freq_days_182,
    count(*) filter (ago <= 364) as freq_days_364,
    count(*) filter (ago > 91 and ago <= 182) as days_before,
    count(distinct (ago - 1) // 91) filter (ago <= 364) as windows_active,
    ln((count(*) filter (ago <= 91) + .5)
       / (count(*) filter (ago > 91 and ago <= 182) + .5)) as trend_days,
    avg(pause) as ipt_mean, median(pause) as ipt_median, max(pause) as ipt_max,
    arg_max(pause, day) filter (pause is not null) as ipt_last,
    stddev_samp(pause) / avg(pause) as ipt_cv,
    if(count(pause) > 0, min(ago) / greatest(median(pause), 1), null) as overdue_ratio
  from days group by customer_id
)
select * from rhythm join ordered using (customer_id) join money using (customer_id)
where recency_days <= 364 order by customer_id
