"""The laws every family keeps, on shops drawn by Hypothesis."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import side_shop
from hypothesis import given
from hypothesis import strategies as st

import shop
from segpredict import features
from segpredict.core.panel import FeatureTable
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window
from segpredict.features import FEATURE_FAMILIES, clustering_inputs

T = 600
WINDOW = Window(T, first_day=0)
SCHEMA = ["customer_id", "order_id", "day", "product_id", "quantity", "amount"]

EVERY = FEATURE_FAMILIES.names()


def compute(
    transactions: Transactions, window: Window, families: Sequence[str] = EVERY
) -> FeatureTable:
    return features.compute_features(transactions, window, families)


def build(transactions: Transactions, windows: Sequence[Window]) -> list[FeatureTable]:
    return features.build_features(transactions, windows, EVERY)


days = st.integers(0, T - 1)
pence = st.integers(-5_000, 20_000).map(lambda p: p / 100)


def rows_on(when: st.SearchStrategy[int]) -> st.SearchStrategy[list[tuple]]:
    row = st.tuples(
        st.sampled_from(["a", "b", "c", "d"]),
        st.sampled_from(["1", "2", "3", "4", "5", "6"]),
        when,
        st.sampled_from([None, "p", "q", "r"]),
        st.integers(1, 9),
        pence,
    )
    return st.lists(row, min_size=1, max_size=25)


def shop_of(rows: list[tuple], voids: dict[str, int] | None = None) -> Transactions:
    lines = pl.DataFrame(rows, schema=SCHEMA, orient="row", strict=False)
    void = pl.col("order_id").replace_strict(voids or {}, default=None, return_dtype=pl.Int32)
    given = shop.transactions(lines.with_columns(void_day=void), end_day=2 * T)
    return replace(given, side_tables=side_shop.side_tables())


def digest(transactions: Transactions) -> str:
    frame = compute(transactions, WINDOW).frame
    bits = b"".join(frame[name].hash().to_numpy().tobytes() for name in frame.columns)
    return hashlib.sha256(bits).hexdigest()


voided = st.dictionaries(st.sampled_from(["1", "2", "3"]), st.integers(0, 2 * T))


@given(rows_on(days), voided, st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_customers_split_into_shards_get_equal_features(rows, voids, shards):
    whole = shop_of(rows, voids)
    lines = whole.lines.collect()
    parts = []
    for shard in range(3):
        mine = [c for c, s in zip("abcd", shards, strict=True) if s == shard]
        held = lines.filter(pl.col("customer_id").is_in(mine)).lazy()
        parts.append(compute(replace(whole, lines=held), WINDOW).frame)
    joined = pl.concat(parts).sort("customer_id")
    assert joined.equals(compute(whole, WINDOW).frame)


@given(rows_on(days), rows_on(st.integers(T, T + 200)), voided)
def test_no_family_sees_the_future(past, future, voids):
    known = compute(shop_of(past, voids), WINDOW).frame
    assert compute(shop_of(past + future, voids), WINDOW).frame.equals(known)


@given(rows_on(days), st.sampled_from(["1", "2", "3"]), st.integers(0, 100))
def test_an_order_refunded_on_or_after_the_cutoff_still_counts(rows, order, wait):
    later = compute(shop_of(rows, {order: T + wait}), WINDOW).frame
    assert later.equals(compute(shop_of(rows), WINDOW).frame)


@given(rows_on(days), st.sampled_from(["1", "2", "3"]))
def test_an_order_refunded_before_the_cutoff_never_was(rows, order):
    refunded = compute(shop_of(rows, {order: T - 1}), WINDOW).frame
    others = [row for row in rows if row[1] != order]
    without = compute(shop_of(others), WINDOW).frame if others else refunded.clear()
    assert refunded.equals(without)


@given(rows_on(days), voided, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(rows, voids, random):
    lines = shop_of(rows, voids).lines.collect()
    order = list(range(lines.height))
    random.shuffle(order)
    shuffled = replace(shop_of(rows), lines=lines[order].lazy())
    assert digest(shuffled) == digest(shop_of(rows, voids))


@given(rows_on(st.integers(0, 900)), voided)
def test_windows_asked_together_answer_as_each_alone(rows, voids):
    transactions = shop_of(rows, voids)
    asked = [WINDOW, Window(760, horizon=28, gap=7), Window(500, 182, 0, 91, 364, 50)]
    together = build(transactions, asked)
    for table, window in zip(together, asked, strict=True):
        assert table.window == window
        assert table.frame.equals(compute(transactions, window).frame)


@given(rows_on(days), voided)
def test_the_instrument_agrees_with_the_state_family(rows, voids):
    transactions = shop_of(rows, voids)
    state = compute(transactions, WINDOW, ["state"]).frame
    now = state.filter(pl.col("days_now") > 0)
    read = clustering_inputs(transactions, [(T - 91, T)])
    assert read["customer_id"].to_list() == now["customer_id"].to_list()
    assert read["days"].to_list() == now["days_now"].to_list()
    assert [spend / MONEY_SCALE for spend in read["spend"]] == now["spend_now"].to_list()


def test_a_customer_alone_scores_the_same_bits_as_among_all():
    # Pence that have no exact binary form, where one rounding too many shows.
    world = replace(shop.world(60, seed=5), side_tables=side_shop.side_tables())
    lines = world.lines.collect()
    window = Window(700, first_day=0)
    for row in compute(world, window).frame.iter_slices(1):
        mine = lines.filter(pl.col("customer_id") == row["customer_id"][0])
        alone = compute(replace(world, lines=mine.lazy()), window).frame
        assert alone.equals(row)


def test_a_line_on_the_cutoff_day_is_the_future():
    rows = [("a", "1", T - 1, "p", 1, 5.0), ("a", "2", T, "p", 1, 90.0)]
    rfm = compute(shop_of(rows), WINDOW, ["rfm"]).frame
    assert rfm["recency_days"].to_list() == [1.0]
    assert rfm["spend_28"].to_list() == [5.0]


def test_the_first_day_of_the_look_back_counts_and_the_day_before_does_not():
    rows = [("a", "1", T - 364, "p", 1, 5.0), ("b", "2", T - 365, "p", 1, 5.0)]
    found = compute(shop_of(rows), WINDOW).frame
    assert found["customer_id"].to_list() == ["a"]


def test_a_return_before_the_cutoff_lowers_spend_on_its_own_day():
    rows = [("a", "1", T - 100, "p", 1, 50.0), ("a", "2", T - 20, "p", -1, -10.0)]
    rfm = compute(shop_of(rows), WINDOW, ["rfm"]).frame
    assert rfm.select("spend_28", "spend_91", "spend_182").row(0) == (-10, -10, 40)


def test_a_return_alone_makes_no_customer():
    rows = [("a", "1", T - 10, "p", -1, -10.0), ("b", "2", T - 10, "p", 1, 10.0)]
    assert compute(shop_of(rows), WINDOW).frame["customer_id"].to_list() == ["b"]


def test_one_order_number_used_by_two_customers_is_two_orders():
    rows = [("a", "1", T - 5, "p", 1, 5.0), ("b", "1", T - 5, "p", 1, 7.0)]
    basket = compute(shop_of(rows), WINDOW, ["basket"]).frame
    assert basket["order_last"].to_list() == [5.0, 7.0]


def test_an_order_on_a_leap_day_and_one_on_a_sunday_are_days_like_others():
    # 2012-02-26 was a Sunday, 2012-02-29 a leap day.
    leap = Window(15_400)  # 2012-03-01
    rows = [("a", "1", 15_396, "p", 1, 5.0), ("a", "2", 15_399, "p", 1, 5.0)]
    frame = compute(shop_of(rows), leap, ["rfm", "timing"]).frame
    assert frame.select("recency_days", "ipt_last", "freq_days_28").row(0) == (1, 3, 2)


@pytest.mark.parametrize(
    "amounts",
    [(5.0, 5.0, 5.0), (5.0, -5.0, 0.0), (5.0, -50.0, 1.0), (0.0, 0.0, 0.0)],
    ids=["all the same", "nothing net", "less than nothing", "all free"],
)
@pytest.mark.parametrize("spread", [0, 1])
def test_a_degenerate_shop_has_no_infinities(amounts, spread):
    rows = [
        (customer, str(i), T - 9 + i * spread, None, 1, amount)
        for customer in "ab"
        for i, amount in enumerate(amounts)
    ]
    table = compute(shop_of(rows), WINDOW)
    finite = table.frame.select(pl.col(*table.feature_names).is_finite().all())
    assert table.frame.height == 2
    assert all(finite.row(0))


def test_enormous_orders_do_not_overflow():
    rows = [("a", str(i), T - i, "p", 1, 168e9) for i in range(1, 4)]
    table = compute(shop_of([*rows, ("a", "9", T - 9, "p", 1, 1.0)]), WINDOW)
    assert table.frame["order_cv"][0] == pytest.approx(2 / 3, rel=1e-9)


def test_a_shop_with_nobody_in_the_look_back_gives_an_empty_table():
    table = compute(shop_of([("a", "1", 5, "p", 1, 5.0)]), Window(T, max_history=364))
    assert table.frame.height == 0
    assert table.frame.columns == ["customer_id", *table.feature_names]


def test_no_windows_no_tables():
    assert build(shop_of([("a", "1", 5, "p", 1, 5.0)]), []) == []


_COUNTED = """
import sys; sys.path[:0] = {paths!r}
import shop, test_features_laws
print(test_features_laws.digest(shop.world(120, seed=3)))
"""


def test_the_number_of_threads_changes_no_bit():
    here = Path(__file__)
    program = _COUNTED.format(paths=[str(here.parent), str(here.parents[1])])
    other = subprocess.run(  # this process has one or two
        [sys.executable, "-c", program],
        env={**os.environ, "POLARS_MAX_THREADS": "4"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout == digest(shop.world(120, seed=3)) + "\n"
