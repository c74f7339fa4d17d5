"""The section on demand: what is told, what is not, and why."""

import re

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
    assert "All products: not shown." in text
    assert "More accurate than seasonal-naive in 1 of 2 tests; 2 are required." in text
    assert "1,810 units are expected in the next 91 days, of 20 products" in text


def test_the_largest_items_are_placed_on_one_axis() -> None:
    shelf = shown().item_tables[0]
    assert (shelf.count, len(shelf.items), shelf.sum) == (20, MAX_ITEMS_SHOWN, 1810.0)
    first = shelf.items[0]
    assert (first.left, first.position, first.right) == (25.0, 50.0, 100.0)
    assert first.year_ago is None


def test_errors_stand_beside_those_of_plain_forecasts() -> None:
    level = shown().levels[1]
    assert [method.label for method in level.methods if method.is_own] == ["Segments"]
    assert [method.width for method in level.methods] == [50.0, 62.5, 100.0]
    assert level.windows == ("11\xa0Jun\xa02011", "10\xa0Sep\xa02011")
    assert level.methods[0].tests[0].is_better
    assert not level.methods[2].tests[0].is_better
    assert round(level.error_reduction, 3) == 0.1
    assert "Using segments reduces the error by 10.0 points" in page()


def test_tastes_of_segments_are_told_and_escaped() -> None:
    found = shown()
    assert found.categories == ("<b>tea</b>",)
    assert [row.badge.id for row in found.affinity_map] == ["S1", "S2"]
    assert found.affinity_map[0].cells[0].shade == 50.0
    assert [row.cells[0].name for row in found.suggestions] == ["p03"]
    assert "<b>tea</b>" not in render_html(bundle(demand=tables()))


def test_the_inactive_are_no_buyers() -> None:
    pieces = {piece.badge.id: piece.value for piece in shown().expected_mix}
    assert pieces["S0"] == 0
    assert pieces["S1"] == 1390


def test_a_run_without_demand_has_no_such_section() -> None:
    assert demand_section(bundle(demand={})) is None
    assert "demand" not in section_contexts(bundle(demand={}))["sections"]
