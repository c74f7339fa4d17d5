"""What is looked up in runs is what Polars finds group by group."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import shop
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    MEASURE_COLUMNS,
    Measure,
    MeasureSpan,
    count_orders,
    count_purchase_days,
)
from segpredict.features.engine.plan import FeatureQuery, run_queries

T = 60
WINDOW = Window(T, lookback=40, max_history=50)
MOST = 2**61  # its square needs 128 bits
INSIDE = pl.col("day").is_between(T - 30, T - 10, closed="left")
SPAN = MeasureSpan(10, 30)


def active(parts: int) -> Measure:
    return Measure("active", MeasureSpan(0, 10 * parts, parts))


def answers(rows: list[tuple], measures: dict[str, Measure]) -> pl.DataFrame:
    names = ["customer_id", "order_id", "day", "amount"]
    lines = pl.DataFrame(rows, schema=names, orient="row")
    derived = {name: pl.col(name).cast(pl.Float64) for name in measures}
    question = FeatureQuery(WINDOW, measures, {}, (), derived, MEASURE_COLUMNS)
    return run_queries(shop.transactions(lines), [question])[0]


order = st.tuples(
    st.sampled_from("abc"),
    st.integers(0, 9).map(str),
    st.integers(0, 70),
    st.integers(0, 99).map(float),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(order, min_size=1, max_size=30))
def test_measures_are_those_of_grouping(rows: list[tuple]) -> None:
    named = {
        "number": count_orders(SPAN),
        "days": count_purchase_days(SPAN),
        "sum": Measure("sum", SPAN, "net"),
        "squares": Measure("squares", SPAN, "net"),
        "most": Measure("most", SPAN, "net"),
        "first": Measure("first", SPAN, "ago"),
        "last": Measure("last", SPAN, "ago"),
        "median": Measure("median", SPAN, "net"),
    }
    names = ["customer_id", "order_id", "day", "amount"]
    net = pl.col("net")
    eligible = pl.col("day").is_between(T - 40, T, closed="left")
    grouped = (
        pl.DataFrame(rows, schema=names, orient="row")
        .group_by("customer_id", "order_id", "day")
        .agg(net=(pl.col("amount") * 10_000).sum().cast(pl.Int64))
        .group_by("customer_id")
        .agg(
            number=net.filter(INSIDE).len(),
            days=pl.col("day").filter(INSIDE).n_unique(),
            sum=net.filter(INSIDE).sum(),
            squares=(net * net).filter(INSIDE).sum(),
            most=net.filter(INSIDE).max(),
            first=T - pl.col("day").filter(INSIDE).min(),
            last=T - pl.col("day").filter(INSIDE).max(),
            median=net.filter(INSIDE).median(),
            is_there=eligible.any(),
        )
        .filter("is_there")
        .sort("customer_id")
        .select("customer_id", *(pl.col(n).cast(pl.Float64).fill_null(0) for n in named))
    )
    assert_frame_equal(answers(rows, named), grouped)


def test_a_span_in_parts_says_how_many_saw_an_order() -> None:
    rows = [("a", str(day), day, 1.0) for day in (59, 58, 45, 31, 9)]
    found = answers(rows, {"active": active(3), "ever": active(5)})
    assert found.row(0) == ("a", 3.0, 3.0)


def test_squares_are_exact_beyond_64_bits() -> None:
    rows = [("a", str(i), 50 + i, MOST / 10_000) for i in range(3)]
    found = answers(rows, {"squares": Measure("squares", column="net")})
    assert found["squares"][0] == float(3 * MOST**2)


def test_between_leaves_out_the_first_row_of_the_span() -> None:
    rows = [("a", str(day), day, 1.0) for day in (5, 20, 26, 40)]
    gap = {
        kind: Measure(kind, column="gap", rows="days", between=True)  # type: ignore[arg-type]
        for kind in ("sum", "most", "median", "last")
    }
    # The gap of 15 days ends in the history and begins before it.
    assert answers(rows, gap).row(0) == ("a", 20.0, 14.0, 10.0, 14.0)
