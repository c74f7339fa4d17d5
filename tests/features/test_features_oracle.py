"""The same questions asked in SQL: an independent second opinion."""

from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import shop
from segpredict.core.transactions import Transactions
from segpredict.core.window import Window
from segpredict.features import clustering_inputs, compute_features

SQL = """
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
    max(ago) - min(ago) as "t_x_days", max(ago) as age,
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
    -- greatest() passes over nulls
    if(count(pause) > 0, min(ago) / greatest(median(pause), 1), null) as overdue_ratio
  from days group by customer_id
)
select * from rhythm join ordered using (customer_id) join money using (customer_id)
where recency_days <= 364 order by customer_id
"""

READ = """
select customer_id, count(distinct day) filter (not is_return) as days,
       sum(amount) as spend
from lines
where day >= {start} and day < {end} and (void_day is null or void_day >= {end})
group by customer_id having days > 0 order by customer_id
"""


def ask(sql: str, lines: pl.DataFrame, **tables: pl.DataFrame) -> pl.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        for name, table in {"lines": lines, **tables}.items():
            connection.register(name, table.to_arrow())
        return pl.from_arrow(connection.sql(sql).to_arrow_table())


def agree(transactions: Transactions, cutoff: int) -> None:
    lines = transactions.lines.collect()
    answer = ask(SQL.format(T=cutoff), lines).rename({"age": "age_days"})
    ours = compute_features(transactions, Window(cutoff)).frame.select(answer.columns)
    values = pl.exclude("customer_id").cast(pl.Float64)
    assert_frame_equal(ours, answer.with_columns(values), rel_tol=1e-9, abs_tol=1e-9)


@pytest.fixture(scope="module")
def world() -> Transactions:
    """A random shop in which some orders are refunded and some products unnamed."""
    plain = shop.world(300)
    draw = pl.col("order_id").hash(11)
    unnamed = pl.col("customer_id").hash(5) % 9 == 0
    changed = plain.lines.with_columns(
        void_day=pl.when(draw % 7 == 0)
        .then(pl.col("day") + (draw % 40).cast(pl.Int32))
        .cast(pl.Int32),
        product_id=pl.when(~unnamed).then("product_id"),
    )
    return replace(plain, lines=changed.collect().lazy())


@pytest.mark.parametrize("cutoff", [400, 610, 728])
def test_sql_gives_the_same_features(world, cutoff):
    agree(world, cutoff)


DECAYED = """
with known as (
  select *, ({T} - day - 1) // 7 as weeks from lines
  where day < {T} and day >= {T} - 364 and (void_day is null or void_day >= {T})
),
days as (select distinct customer_id, day, weeks from known where not is_return),
often as (
  select customer_id, sum(pow(.5, weeks * 7 / 28.0)) as decayed_days_28,
         sum(pow(.5, weeks * 7 / 91.0)) as decayed_days_91
  from days group by customer_id
),
spent as (
  select customer_id, sum(amount * pow(.5, weeks * 7 / 28.0)) / 1e4 as decayed_spend_28,
         sum(amount * pow(.5, weeks * 7 / 91.0)) / 1e4 as decayed_spend_91
  from known group by customer_id
)
select * from often join spent using (customer_id) order by customer_id
"""


@pytest.mark.parametrize("cutoff", [400, 728])
def test_sql_gives_the_same_decayed_purchases(world, cutoff):
    answer = ask(DECAYED.format(T=cutoff), world.lines.collect())
    ours = compute_features(world, Window(cutoff), ["decay"]).frame.select(answer.columns)
    assert_frame_equal(ours, answer, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("cutoff", [400, 728])
def test_sql_gives_the_same_instrument(world, cutoff):
    start = cutoff - 91
    answer = ask(READ.format(start=start, end=cutoff), world.lines.collect())
    ours = clustering_inputs(world, [(start, cutoff)]).drop("end")
    types = {"days": pl.Int32, "spend": pl.Int64}
    assert_frame_equal(ours, answer.cast(types))


def retail_lines(folder: Path, **more: str) -> pl.DataFrame:
    """Roughly cleaned lines of Online Retail II: enough to compare two engines."""
    files = sorted((folder / "online_retail").glob("online_retail_ii_year*.parquet"))
    sheets = pl.concat([pl.read_parquet(f) for f in files], how="vertical_relaxed")
    number = pl.col("Customer ID").cast(pl.Float64, strict=False).cast(pl.Int64)
    moment = pl.col("InvoiceDate").cast(pl.Datetime("us"))
    since = (moment.dt.date() - pl.date(1970, 1, 1)).dt.total_days()
    return (
        sheets.with_columns(number.cast(pl.String))
        .filter(pl.col("Customer ID").is_not_null() & (pl.col("Price") > 0))
        .unique()
        .select(
            customer_id="Customer ID",
            order_id=pl.col("Invoice").cast(pl.String),
            day=since,
            minute=moment.dt.hour().cast(pl.Int32) * 60 + moment.dt.minute(),
            product_id=pl.col("StockCode").cast(pl.String),
            quantity="Quantity",
            amount=pl.col("Quantity") * pl.col("Price"),
            **more,
        )
    )


@pytest.mark.real
def test_sql_gives_the_same_features_on_a_real_shop(real_data):
    agree(shop.transactions(retail_lines(real_data)), 15_318 - 91)
