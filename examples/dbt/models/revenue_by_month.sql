-- Revenue and orders of each whole month, by the segment that customers are in now.
select
    dates.month_start,
    customers.segment,
    sum(orders.revenue) as revenue,
    sum(case when orders.is_order then 1 else 0 end) as orders
from {{ source('segpredict', 'orders') }} as orders
join {{ source('segpredict', 'dates') }} as dates on dates.date = orders.date
join {{ ref('customers_today') }} as customers on customers.customer_id = orders.customer_id
where dates.is_month_whole
group by dates.month_start, customers.segment
