"""Totals by one walk are those that Polars finds group by group."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from segpredict.features.engine.side_totals import customer_totals

MEASURES = {
    "who": pl.col("customer_id").first(),
    "sum": pl.col("net").sum(),
    "some": pl.when(pl.col("net") > 0).then("net").sum(),
    "least": pl.when(pl.col("net") > 0).then("net").min(),
    "most": pl.col("net").max(),
    "median": pl.col("net").median(),
    "any": (pl.col("net") > 3).any().cast(pl.Int64),
    "small": pl.col("small").sum(),
}

value = st.one_of(st.none(), st.integers(-(2**40), 2**40))
row = st.tuples(st.integers(0, 4), value, st.integers(-5, 5))


@given(st.lists(row, max_size=30))
def test_a_walk_gives_what_grouping_gives(drawn: list[tuple]) -> None:
    types = {"customer": pl.UInt32, "net": pl.Int64, "small": pl.Int16}
    rows = pl.DataFrame(drawn, schema=types, orient="row").sort("customer")
    rows = rows.with_columns(customer_id=pl.format("c{}", "customer"))
    grouped = rows.group_by("customer").agg(**MEASURES).sort("customer")
    assert_frame_equal(customer_totals(rows, MEASURES), grouped)
