"""The families of side tables, computed in SQL: an independent second opinion."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from test_features_oracle import ask, retail_lines

import shop
from segpredict.core.transactions import CustomerLog, SideTables, Transactions
from segpredict.core.window import Window
from segpredict.data.side_tables import freeze_side_tables
from segpredict.features import compute_features

FAMILIES = (
    *("assortment", "category", "price_tier", "returns", "order_time", "country", "demographics"),
    *("web", "contacts", "discount"),
)

SQL = """
with known as (
  select *, {T} - day as ago from lines
  where day < {T} and day >= {T} - 728 and (void_day is null or void_day >= {T})
),
sold as (select * from known where not is_return),
bought as (select * from sold where product_id is not null),
products_of as (
  select customer_id, product_id, min(ago) as last, max(ago) as first
  from bought group by all
),
assortment as (
  select customer_id,
    nullif(count(*) filter (last <= 364), 0) as products_unique,
    count(*) filter (first <= 91) / nullif(count(*) filter (last <= 91), 0)
      as product_new_rate
  from products_of group by all
),
repeats as (
  select customer_id,
    1 - count(distinct product_id) / count(*) as product_repeat_rate
  from bought where ago <= 364 group by all
),
shares as (
  select customer_id, category, count(*) as n,
    sum(count(*)) over (partition by customer_id) as whole
  from bought join products using (product_id) where ago <= 364
  group by customer_id, category
),
groups as (
  select customer_id, count(*) as categories_unique,
    -sum(n / whole * ln(n / whole)) as category_entropy,
    max(n / whole) as category_top_share
  from shares group by all
),
tiers as (
  select customer_id, median(percentile) as price_percentile,
    count(*) filter (percentile > 2 / 3) / count(*) as price_top_share
  from bought join prices using (product_id) where ago <= 364 group by all
),
reduced as (
  select customer_id, count(*) filter (discount > 0) / count(*) as discount_share,
    sum(discount) / nullif(sum(amount + discount), 0) as discount_depth
  from sold where ago <= 364 and discount is not null group by all
),
orders as (
  select customer_id, order_id, day, any_value(ago) as ago, min(minute) as minute,
    sum(amount) as value
  from sold group by customer_id, order_id, day, void_day
),
clock as (
  select customer_id,
    sum(value) filter (ago <= 364) as gross,
    count(*) filter (ago <= 364) as n,
    count(*) filter (ago <= 364 and isodow(date '1970-01-01' + day) >= 6)
      / nullif(count(*) filter (ago <= 364), 0) as weekend_share,
    count(*) filter (ago <= 364 and minute >= 1080)
      / nullif(count(minute) filter (ago <= 364), 0) as evening_share,
    avg(sin(2 * pi() * minute / 1440)) filter (ago <= 364) as hour_sin,
    avg(cos(2 * pi() * minute / 1440)) filter (ago <= 364) as hour_cos,
    quarter(date '1970-01-01' + min(day)) as cohort_quarter,
    min(ago) as recency
  from orders group by all
),
notes as (
  select customer_id, order_id, day, any_value(ago) as ago, sum(amount) as value
  from known where is_return group by customer_id, order_id, day, void_day
),
back as (
  select customer_id, sum(-value) filter (ago <= 364) as value,
    count(*) filter (ago <= 364) as n, min(ago) as return_days
  from notes group by all
),
places as (
  select customer_id, last(country order by day, minute nulls first, order_id, country)
    as country
  from sold where country is not null group by all
),
visits as (
  select customer_id,
    sum(sessions) filter ({T} - day <= 7) as s7,
    sum(sessions) filter ({T} - day <= 28) as s28,
    sum(sessions) filter ({T} - day <= 91) as s91,
    sum(views) filter ({T} - day <= 91) as views,
    sum(carts) filter ({T} - day <= 91) as carts,
    min({T} - day) filter (sessions > 0) as web_session_days
  from events where day < {T} and day >= {T} - 728 group by all
),
recent as (
  select customer_id, count(*) as n from orders where ago <= 91 group by all
),
messages as (
  select customer_id,
    coalesce(sum(sent) filter ({T} - day <= 28), 0) as contacts_28,
    coalesce(sum(sent) filter ({T} - day <= 364), 0) as contacts_lookback,
    coalesce(sum(opened) filter ({T} - day <= 364), 0) as contacts_opened,
    min({T} - day) filter (sent > 0) as contact_days
  from contacts where day < {T} and day >= {T} - 728 group by all
)
select customer_id, products_unique, product_repeat_rate, product_new_rate,
  categories_unique, category_entropy, category_top_share,
  price_percentile, price_top_share, discount_share, discount_depth,
  weekend_share, evening_share, hour_sin, hour_cos, cohort_quarter,
  if(gross > 0, coalesce(back.value, 0) / gross, null) as return_share,
  coalesce(back.n, 0) / clock.n as return_rate, return_days,
  (country = '{first}')::int as "country_first",
  (country not in ({all}))::int as country_other,
  coalesce(s7, 0) as web_sessions_7, coalesce(s28, 0) as web_sessions_28,
  coalesce(s91, 0) as web_sessions_91, coalesce(views, 0) as web_views_91,
  coalesce(carts, 0) as web_carts_91,
  coalesce(recent.n, 0) / nullif(carts, 0) as web_cart_to_order, web_session_days,
  coalesce(contacts_28, 0) as contacts_28,
  coalesce(contacts_lookback, 0) as contacts_lookback,
  coalesce(contacts_opened, 0) as contacts_opened,
  contacts_opened / nullif(contacts_lookback, 0) as contacts_open_rate, contact_days
from clock left join assortment using (customer_id)
  left join repeats using (customer_id)
  left join groups using (customer_id) left join tiers using (customer_id)
  left join back using (customer_id) left join places using (customer_id)
  left join visits using (customer_id) left join recent using (customer_id)
  left join messages using (customer_id) left join reduced using (customer_id)
where recency <= 364 order by customer_id
"""


def with_side_tables(transactions: Transactions, until: int) -> Transactions:
    """Return a shop with side tables made of it: no random draws, only remainders."""
    lines = transactions.lines.collect()
    ids = lines.select(pl.col("product_id").drop_nulls().unique().sort())
    group = pl.col("product_id").str.slice(-2, 1)
    products = ids.with_columns(category=pl.when(group != "9").then(group))
    number = pl.col("order_id").hash(3)
    logged = lines.group_by("customer_id", "day").agg(number.min().alias("n"))
    events = logged.select(
        "customer_id",
        (pl.col("day") - (pl.col("n") % 30).cast(pl.Int32)).alias("day"),
        sessions=(pl.col("n") % 4).cast(pl.Int64),
        views=(pl.col("n") % 11).cast(pl.Int64),
        carts=(pl.col("n") % 3).cast(pl.Int64),
    )
    contacts = logged.select(
        "customer_id",
        "day",
        sent=(pl.col("n") % 2).cast(pl.Int64),
        opened=(pl.col("n") % 6 == 3).cast(pl.Int64),
    )
    tables = SideTables(
        products=products, events=CustomerLog(events, 0), contacts=CustomerLog(contacts, 0)
    )
    return replace(
        transactions,
        side_tables=freeze_side_tables(replace(transactions, side_tables=tables), until),
    )


def agree(transactions: Transactions, cutoff: int) -> None:
    there = transactions.side_tables
    tables = {
        "products": there.products.drop_nulls(),
        "prices": there.prices,
        "events": there.events.frame,
        "contacts": there.contacts.frame,
    }
    first = there.countries[0]
    listed = ", ".join(f"'{country}'" for country in there.countries)
    sql = SQL.format(T=cutoff, first=first, all=listed)
    answer = ask(sql, transactions.lines.collect(), **tables)
    table = compute_features(transactions, Window(cutoff), FAMILIES).frame
    column = next(name for name in table.columns if name.startswith("country_"))
    answer = answer.rename({"country_first": column})
    asked_of_sql = set(answer.columns)
    missing = [name for name in table.columns if name not in asked_of_sql]
    assert all(n.startswith("country_") or n == "web_searches_91" for n in missing)
    values = pl.exclude("customer_id").cast(pl.Float64)
    ours = table.select(answer.columns)
    assert_frame_equal(ours, answer.with_columns(values), rel_tol=1e-9, abs_tol=1e-9)


@pytest.fixture(scope="module")
def world() -> Transactions:
    plain = shop.world(300)
    draw = pl.col("order_id").hash(11)
    unnamed = pl.col("customer_id").hash(5) % 9 == 0
    lines = plain.lines.with_columns(
        void_day=pl.when(draw % 7 == 0)
        .then(pl.col("day") + (draw % 40).cast(pl.Int32))
        .cast(pl.Int32),
        product_id=pl.when(~unnamed).then("product_id"),
        minute=pl.when(draw % 5 > 0).then(draw % 1440).cast(pl.Int16),
        discount=pl.when(draw % 4 > 0).then((draw % 4 - 1).cast(pl.Int64) * 7_777),
        country=pl.when(draw % 3 == 0).then(pl.lit("UK")).otherwise(pl.lit("EIRE")),
    )
    return replace(plain, lines=lines.collect().lazy())


@pytest.mark.parametrize("cutoff", [400, 610, 728])
def test_sql_gives_the_same_features_of_side_tables(world, cutoff):
    agree(with_side_tables(world, 380), cutoff)


@pytest.mark.real
def test_sql_gives_the_same_features_of_side_tables_on_a_real_shop(real_data: Path):
    lines = retail_lines(real_data, country="Country")
    agree(with_side_tables(shop.transactions(lines), 15_000), 15_318 - 91)
