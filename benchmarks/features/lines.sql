with known as (
  select *, {T} - day as ago from lines
  where day < {T} and day >= {T} - 728 and (void_day is null or void_day >= {T})
),
orders as (
  select customer_id, order_id, day, any_value(ago) as ago, sum(amount) / 1e4 as value,
         count(*) as lines, sum(quantity) / 1e4 as units,
         count(distinct product_id) as products
  from known where not is_return group by customer_id, order_id, day
),
