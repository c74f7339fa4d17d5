"""The section on demand: what is told, what is not, and why."""

import re

import polars as pl
from bundles import bundle
from demand_bundle import demand as tables

from segpredict.report import render_html, section_contexts
from segpredict.report.context.demand import MAX_ITEMS_SHOWN, demand_section


def shown():
    return demand_section(bundle(demand=tables()))


def page() -> str:
    text = render_html(bundle(demand=tables()))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_only_what_is_published_is_forecast_and_the_rest_says_why() -> None:
    assert [shelf.name for shelf in shown().item_tables] == ["Products"]
    text = page()
    assert "All products none" in text
    assert "Too few backtests, 1: 2 are required to choose a method." in text
    assert "1,810 units expected in the next 91 days, of 20 products" in text


def test_the_largest_items_have_names_and_bars() -> None:
    named = bundle(demand=tables(), product_names={"p00": "Mug"})
    shelf = demand_section(named).item_tables[0]
    assert (shelf.count, len(shelf.items), shelf.sum) == (20, MAX_ITEMS_SHOWN, 1810.0)
    first, second = shelf.items[:2]
    assert (first.name, first.description) == ("p00", "Mug")
    assert second.description == ""
    assert (first.low, first.high, first.order) == (50.0, 200.0, 200.0)
    assert first.year_ago is None
    assert "Mug <small>p00</small>" in render_html(named)


def test_an_interval_too_wide_to_be_of_use_is_not_shown() -> None:
    given = tables()
    wide = given["forecast"].with_columns(high=pl.lit(900.0), order_up_to=pl.lit(900.0))
    found = demand_section(bundle(demand={**given, "forecast": wide})).item_tables[0].items[0]
    assert (found.low, found.high, found.order) == (None, None, None)


def test_the_method_shown_is_the_nearest_and_stands_first() -> None:
    level = shown().levels[1]
    assert [method.label for method in level.methods if method.is_shown] == ["Segments"]
    assert (level.method, level.error) == ("Segments", 0.4)
    assert level.windows == ("11\xa0Jun\xa02011", "10\xa0Sep\xa02011")
    assert level.methods[0].tests[0].is_better
    assert not level.methods[2].tests[0].is_better


def test_tastes_of_segments_are_told_and_escaped() -> None:
    found = shown()
    assert found.categories == ("<b>tea</b>",)
    assert [row.badge.id for row in found.affinity_map] == ["S1", "S2"]
    assert found.affinity_map[0].cells[0].shade == 50.0
    assert [row.cells[0].name for row in found.suggestions] == ["p03"]
    assert "<b>tea</b>" not in render_html(bundle(demand=tables()))


def test_the_inactive_are_no_buyers() -> None:
    buyers = {row.badge.id: row.buyers for row in shown().expected_customers}
    assert buyers["S0"] == 0
    assert buyers["S1"] == 1390


def test_a_run_without_demand_has_no_such_section() -> None:
    assert demand_section(bundle(demand={})) is None
    assert "demand" not in section_contexts(bundle(demand={}))["sections"]
