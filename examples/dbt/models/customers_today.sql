-- Everything about a customer in one row: for lists, reverse ETL and charts.
select
    customers.customer_id,
    customers.country,
    customers.cohort_month,
    customers.orders,
    customers.revenue,
    now.segment,
    later.segment as next_segment,
    scores.p_inactive,
    scores.expected_value,
    scores.value_at_risk
from {{ source('segpredict', 'customers') }} as customers
join {{ source('segpredict', 'segments') }} as now on now.segment_id = customers.segment_id
left join {{ source('segpredict', 'scores') }} as scores
    on scores.customer_id = customers.customer_id
left join {{ source('segpredict', 'segments') }} as later
    on later.segment_id = scores.next_segment_id
