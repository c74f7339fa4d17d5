"""Units to come from the segments to come: planted baskets, and no look ahead."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from by_days import ByDays

import shop
from segpredict.analytics.demand.forecast import (
    LAST_WINDOW_NAIVE,
    SEASONAL_NAIVE,
    SEGMENT_METHOD,
    first_sale_days,
    forecast_levels,
)
from segpredict.analytics.demand.sales import (
    DEMAND_LEVELS,
    PRODUCT_LEVEL,
    TOTAL_LEVEL,
    history_windows,
    last_year_window,
    sales_history,
    window_sales,
)
from segpredict.config.classifier import TimeOptions
from segpredict.core.transactions import SideTables, Transactions

TIME = TimeOptions(horizon=28, lookback=112, step=14, max_history=224, test_windows=2)
YEAR = 13  # windows


def rows(window: int, once: int, often: int) -> list[tuple]:
    """Who buys once takes a cup; who buys often takes two plates each of two days."""
    start = 28 * window
    found = [(f"c{i:03d}", f"{window}-{i}", start, "cup", 1, 5.0) for i in range(once)]
    found += [
        (f"c{i:03d}", f"{window}-{i}-{day}", day, "plate", 2, 9.0)
        for i in range(500, 500 + often)
        for day in (start + 3, start + 9)
    ]
    return found


def planted(*sizes: tuple[int, int]) -> Transactions:
    names = ["customer_id", "order_id", "day", "product_id", "quantity", "amount"]
    lines = [row for w, size in enumerate(sizes) for row in rows(w, *size)]
    frame = pl.DataFrame(lines, schema=names, orient="row")
    return replace(shop.transactions(frame, 28 * len(sizes)), first_day=0)


def at(transactions: Transactions, cutoff: int, mix: list[float]):
    asked = {*history_windows(cutoff, TIME, 0)}
    year_ago = last_year_window(cutoff, TIME, 0)
    known = window_sales(
        transactions,
        ByDays(),
        TIME,
        sorted(asked | ({year_ago} if year_ago else set())),
    )
    before = sales_history(cutoff, TIME, 0, known)
    found = forecast_levels(transactions, before, np.array(mix), TIME, DEMAND_LEVELS)
    return before, {each.level: each for each in found}


def test_baskets_of_segments_are_recovered_and_follow_the_mix() -> None:
    world = planted(*[(60, 10)] * YEAR)
    _, found = at(world, 28 * YEAR, [0.0, 20.0, 40.0])
    product = found[PRODUCT_LEVEL]
    assert product.items == ("cup", "plate")
    # Who buys once takes a cup, who buys often two plates on each of two days.
    assert product.rates[:, 1] == pytest.approx([1.0, 0.0], abs=0.02)
    assert product.rates[:, 2] == pytest.approx([0.0, 4.0], abs=0.02)
    assert product.expected[SEGMENT_METHOD] == pytest.approx([20.0, 160.0], rel=0.03)
    assert product.expected[LAST_WINDOW_NAIVE].tolist() == [60.0, 40.0]
    assert found[TOTAL_LEVEL].expected[SEGMENT_METHOD] == pytest.approx([180.0], rel=0.03)


def test_products_share_what_their_category_sells() -> None:
    world = planted(*[(7 + w, 3 + w % 4) for w in range(YEAR)])
    table = pl.DataFrame({"product_id": ["cup", "plate"], "category": ["drink", "eat"]})
    world = replace(world, side_tables=SideTables(products=table))
    _, found = at(world, 28 * YEAR, [0.0, 9.0, 5.0])
    by_product, by_category = found[PRODUCT_LEVEL].expected, found["category"].expected
    assert found["category"].items == ("drink", "eat")
    assert by_product[SEGMENT_METHOD] == pytest.approx(by_category[SEGMENT_METHOD])
    assert by_product[SEASONAL_NAIVE].tolist() == by_category[SEASONAL_NAIVE].tolist()


def test_without_a_year_of_history_no_forecast_repeats_last_year() -> None:
    before, found = at(planted(*[(6, 3)] * 8), 28 * 8, [0.0, 6.0, 3.0])
    assert before.season_window is None
    assert SEASONAL_NAIVE not in found[PRODUCT_LEVEL].expected


def test_newcomers_are_counted_where_the_look_back_is_whole() -> None:
    # Six who buy once come back in every window; from window 10 on three more join.
    world = planted(*[(6, 0)] * 10, (9, 0), (9, 0), (9, 0))
    before, _ = at(world, 28 * YEAR, [0.0, 1.0, 0.0])
    # Look-backs of 112 days are whole from window 4 on: nine windows, three newcomers.
    assert before.whole_history == 9
    assert before.newcomers_per_window().tolist() == [0.0, pytest.approx(3 / 9), 0.0]


def test_a_product_counts_from_its_first_sale_on() -> None:
    world = planted(*[(60, 10)] * (YEAR - 1), (60, 0))
    fresh = pl.when((pl.col("day") >= 28 * (YEAR - 1)) & (pl.col("product_id") == "cup"))
    lines = world.lines.with_columns(product_id=fresh.then(pl.lit("mug")).otherwise("product_id"))
    world = replace(world, lines=lines)
    days = first_sale_days(lines.rename({"product_id": "product"}), 28)
    assert days == {"mug": 28 * (YEAR - 1)}
    _, found = at(world, 28 * YEAR, [0.0, 60.0, 0.0])
    cup, mug, _ = found[PRODUCT_LEVEL].rates[:, 1]
    # Twelve windows of cups and one of mugs, each at one a customer while on sale.
    assert mug == pytest.approx(cup, rel=0.1)
    assert cup + mug == pytest.approx(1.0, rel=0.02)


def test_nothing_after_the_cutoff_changes_a_forecast() -> None:
    world = shop.world(customers=120, days=420, seed=11)
    world = replace(world, first_day=0)
    late = pl.col("day") >= 392
    other = world.lines.with_columns(
        quantity=pl.when(late).then(pl.col("quantity") * 50).otherwise("quantity"),
        product_id=pl.when(late).then(pl.lit("new")).otherwise("product_id"),
        void_day=pl.when(pl.col("day") > 300).then(395).otherwise("void_day").cast(pl.Int32),
    )
    mix = [10.0, 30.0, 12.0]
    one, first = at(world, 392, mix)
    two, second = at(replace(world, lines=other), 392, mix)
    assert one.newcomers_per_window().tolist() == two.newcomers_per_window().tolist()
    for level, found in first.items():
        assert found.items == second[level].items
        for method, units in found.expected.items():
            assert units.tolist() == second[level].expected[method].tolist(), method


def test_the_order_of_rows_changes_no_bit() -> None:
    world = replace(shop.world(customers=80, days=420, seed=2), first_day=0)
    mixed = world.lines.collect().sample(fraction=1, shuffle=True, seed=1).lazy()
    _, one = at(world, 392, [5.0, 20.0, 9.0])
    _, two = at(replace(world, lines=mixed), 392, [5.0, 20.0, 9.0])
    for level, found in one.items():
        for method, units in found.expected.items():
            assert units.tolist() == two[level].expected[method].tolist(), method
