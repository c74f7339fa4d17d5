with known as (
  select customer_id, {T} - day as ago, net as amount from (
    select customer_id, day, void_day, net from orders_kept
    union all select customer_id, day, void_day, net from credits_kept
  ) where day < {T} and day >= {T} - 728 and (void_day is null or void_day >= {T})
),
orders as (
  select customer_id, day, {T} - day as ago, net / 1e4 as value,
         lines, units / 1e4 as units, products
  from orders_kept
  where day < {T} and day >= {T} - 728 and (void_day is null or void_day >= {T})
),
