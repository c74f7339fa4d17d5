-- Fails with a row for each pair of tables whose sums differ.
with sums as (
    select
        (select sum(revenue) from {{ source('segpredict', 'lines') }}) as of_lines,
        (select sum(revenue) from {{ source('segpredict', 'orders') }}) as of_orders,
        (select sum(revenue) from {{ ref('customers_today') }}) as of_customers
)

select * from sums where of_lines <> of_orders or of_orders <> of_customers
