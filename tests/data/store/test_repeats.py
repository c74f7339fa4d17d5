"""Different products of any span are its lines less the repeats within it."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segpredict.data.store import repeat_purchases
from segpredict.errors import LimitError

SCHEMA = {
    "customer_id": pl.UInt32,
    "product_id": pl.UInt32,
    "day": pl.Int32,
    "void_day": pl.Int32,
}
day = st.integers(0, 12)
line = st.tuples(
    st.integers(0, 2), st.integers(0, 2), day, st.one_of(st.none(), st.integers(0, 14))
)


def frame(rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def again(rows: list[tuple]) -> list[tuple]:
    return repeat_purchases(frame(rows)).rows()


def test_each_line_but_the_first_of_a_product_repeats_the_one_before() -> None:
    rows = [(0, 5, 1, None), (0, 5, 4, None), (0, 6, 4, None), (0, 5, 9, None)]
    assert again(rows) == [(0, 4, 1, None, None), (0, 9, 4, None, None)]


def test_what_comes_after_a_voided_line_repeats_what_came_before_it() -> None:
    # The line of day 4 is void from day 7 on: until then day 9's would repeat it.
    rows = [(0, 5, 1, None), (0, 5, 4, 7), (0, 5, 9, None)]
    assert again(rows) == [
        (0, 4, 1, None, 7),
        (0, 9, 4, None, 7),
        (0, 9, 1, 7, None),
    ]


def test_no_line_repeats_nothing() -> None:
    assert again([]) == again([(0, 5, 1, None)]) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(line, max_size=14), st.integers(0, 14), st.integers(0, 14))
def test_lines_less_repeats_are_different_products(
    rows: list[tuple], start: int, cutoff: int
) -> None:
    stands = pl.col("void_day").is_null() | (pl.col("void_day") >= cutoff)
    known = frame(rows).filter(stands, pl.col("day") < cutoff, pl.col("day") >= start)
    since = pl.col("since").is_null() | (pl.col("since") < cutoff)
    within = repeat_purchases(frame(rows)).filter(
        stands, since, pl.col("day") < cutoff, pl.col("before") >= start
    )
    for customer in range(3):
        mine = pl.col("customer_id") == customer
        lines, more = known.filter(mine), within.filter(mine)
        assert lines.height - more.height == lines["product_id"].n_unique()


@settings(max_examples=30, deadline=None)
@given(st.lists(line, max_size=14), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(rows: list[tuple], random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    key = ["customer_id", "day", "before", "since", "void_day"]
    one, other = (repeat_purchases(frame(r)).sort(key) for r in (rows, shuffled))
    assert one.equals(other)


def test_more_products_and_customers_than_one_number_holds_are_refused() -> None:
    rows = [(2**32 - 2, 2**32 - 2, 0, None), (0, 0, 10, None)]
    with pytest.raises(LimitError, match="do not fit one number"):
        again(rows)
