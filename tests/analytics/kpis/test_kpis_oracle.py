"""The same definitions in SQL, asked of another engine: a second opinion."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import shop
from segpredict.analytics.kpis import OrderBook, compute_kpis, monthly_figures
from segpredict.core.run_folder import open_run
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.pipeline import loading

duckdb = pytest.importorskip("duckdb")
SQL = (Path(__file__).parent / "figures.sql").read_text(encoding="utf-8")
KEY = ["kpi", "scope", "age", "start", "end"]
COHORTS = pl.col("kpi").str.contains("cohort|rolling")
MONTHS = """
with entries as (
  select *, strftime(date '1970-01-01' + day::int, '%Y-%m') as scope
  from lines where void_day is null or void_day >= {T}
),
firsts as (
  select customer_id, min(scope) as scope from entries where not is_return group by all
)
select scope, sum(amount)::bigint as revenue,
  count(distinct (customer_id, order_id, day)) filter (not is_return) as orders,
  count(distinct customer_id) filter (not is_return) as customers,
  (select count(*) from firsts f where f.scope = e.scope) as new_customers
from entries e group by all order by scope
"""


def asked(sql: str, **tables: pl.DataFrame) -> pl.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        for name, table in tables.items():
            connection.register(name, table.to_arrow())
        return pl.from_arrow(connection.sql(sql).to_arrow_table())


def members(lines: pl.DataFrame) -> pl.DataFrame:
    """Return any segments: what matters is that both sides have the same."""
    bought = lines.filter("is_order_head").select("customer_id").unique()
    code = pl.col("customer_id").str.len_bytes() + pl.col("customer_id").str.tail(1).str.to_integer(
        strict=False
    ).fill_null(0)
    return bought.with_columns(segment_id=pl.format("S{}", code % 3))


MOVES = pl.DataFrame(
    {
        "from_id": ["S0", "S0", "S1", "S1", "NEW"],
        "to_id": ["S0", "S1", "S0", "S1", "S1"],
        "n": [61, 22, 13, 34, 5],
    }
)


def agree(transactions: Transactions) -> pl.DataFrame:
    lines = transactions.lines.collect()
    named = members(lines)
    books = OrderBook.from_shop(transactions, assignments=named, transitions=MOVES)
    days = {"T": books.end_day, "F": books.first_day, "H": 91, "L": 364}
    answer = asked(SQL.format(**days), lines=lines, members=named, moves=MOVES)
    # Months of cohorts are named by their age there.
    dated = [pl.when(~COHORTS).then(name).alias(name) for name in ("start", "end")]
    ours = compute_kpis(books).with_columns(dated).sort(KEY)
    theirs = answer.cast({"age": pl.Int32, "start": pl.Int32, "end": pl.Int32}).sort(KEY)
    exact = [*KEY, "n", "part", "whole"]
    assert_frame_equal(ours.select(exact), theirs.select(exact), check_exact=True)
    ratio = theirs.filter(pl.col("part").is_null() & pl.col("value").is_not_null())
    values = ratio.join(ours, on=["kpi", "start"], suffix="_ours")
    assert values["value_ours"].to_list() == pytest.approx(values["value"].to_list())
    assert set(ratio["kpi"]) == {"gini", "order_value_median"}
    by_month = asked(MONTHS.format(**days), lines=lines)
    assert_frame_equal(
        monthly_figures(books).filter(pl.col("orders") > 0).select(by_month.columns), by_month
    )
    return ours


@pytest.fixture(scope="module")
def world() -> Transactions:
    """A random shop in which some orders are sent back whole."""
    plain = shop.world(300)
    draw = pl.col("order_id").hash(11)
    void = pl.when(draw % 7 == 0).then(pl.col("day") + (draw % 40).cast(pl.Int32))
    lines = plain.lines.with_columns(void_day=void.cast(pl.Int32)).collect()
    return replace(plain, lines=lines.lazy())


def test_sql_gives_the_same_figures_of_a_random_shop(world: Transactions) -> None:
    assert agree(world).height > 500


@pytest.fixture(scope="module")
def retail(real_segments: Path) -> Transactions:
    return loading.load_transactions(open_run(real_segments))


@pytest.mark.slow
@pytest.mark.real
def test_sql_gives_the_same_figures_of_online_retail_ii(retail: Transactions) -> None:
    agree(retail)


@pytest.mark.real
def test_figures_of_online_retail_ii_are_right_to_the_penny(retail: Transactions) -> None:
    lines = retail.lines.collect()
    ours = compute_kpis(OrderBook.from_shop(retail, assignments=members(lines), transitions=MOVES))
    kept = ours.filter(pl.col("scope") == "net_revenue").sort("start")["part"][0]
    assert kept == retail.ledger.total("used").money
    known = dict(
        ours.filter(pl.col("end") == retail.end_day, pl.col("scope") == "all")
        .select("kpi", "value")
        .iter_rows()
    )
    assert kept == round(16_411_916.58 * MONEY_SCALE)
    assert known["revenue"] == pytest.approx(3_133_404.31)
    assert known["customers"] == 2_877
    assert known["net_revenue_retention"] == pytest.approx(1.2183, abs=5e-5)
    assert known["gini"] == pytest.approx(0.7027, abs=5e-5)
