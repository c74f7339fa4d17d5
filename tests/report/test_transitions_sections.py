"""Moves on the page: beside their forecast, as bands, and over time."""

import polars as pl
import pytest
from bundles import MOVED, SEGMENTS, bundle
from transitions_bundle import AFTER, COUNTS, SECOND

from segpredict.report import render_html
from segpredict.report.context.mobility import mobility_section
from segpredict.report.context.transitions import transitions_section
from segpredict.report.html.badges import segment_badges
from segpredict.report.html.sankey import DIAGRAM_HEIGHT, NODE_GAP, SankeyFlow, layout_sankey

KNOWN = segment_badges(SEGMENTS)


def test_the_newest_period_stands_beside_its_forecast():
    page = transitions_section(bundle(transitions=MOVED))
    assert [row.badge.name for row in page.rows][-2:] == ["New", "Lapsed"]
    assert [row.n for row in page.rows[:4]] == [sum(row) for row in COUNTS[SECOND]]
    first = page.rows[0].cells[0]
    assert first.n == 150
    assert first.predicted == pytest.approx(0.5)
    assert first.side == "above"  # 150 of 204 where a half was said
    assert page.rows[1].cells[0].side == ""
    assert page.n_predicted == 16
    assert page.outside == sum(bool(f.side) for row in page.rows for f in row.cells)


def test_nothing_is_said_of_a_forecast_where_none_was_made():
    counted = {"observed": MOVED["observed"]}
    page = transitions_section(bundle(transitions=counted))
    assert (page.n_predicted, page.outside) == (0, 0)
    shown = render_html(bundle(transitions=counted)).split('id="migration"')[1]
    assert "predicted " not in shown.split("</section>")[0]


def test_silence_that_goes_on_is_not_drawn():
    flow = transitions_section(bundle(transitions=MOVED)).sankey
    assert [bar.badge.name for bar in flow.left] == [
        *("Core", "Regular", "Occasional", "Inactive", "New", "Lapsed")
    ]
    assert flow.left[-1].n == 5
    assert flow.right[0].badge.name == "Core"


def test_bands_are_as_wide_as_customers_are_many():
    picture = layout_sankey([SankeyFlow("S1", "S0", 30), SankeyFlow("S1", "S1", 10)], KNOWN)
    assert [(bar.n, bar.top, bar.height) for bar in picture.left] == [(40, 0, DIAGRAM_HEIGHT)]
    assert [bar.height for bar in picture.right] == [0.75 * DIAGRAM_HEIGHT, 0.25 * DIAGRAM_HEIGHT]
    assert picture.right[1].top == 0.75 * DIAGRAM_HEIGHT + NODE_GAP
    assert picture.bands[0].path.startswith("M0,0C500,0 500,0 1000,0V255")
    assert picture.bands[0].tooltip == "Occasional to Inactive: 30 customers, 75.0\u202f%"


def test_a_place_of_one_customer_still_has_room_for_its_name():
    picture = layout_sankey([SankeyFlow("S1", "S1", 999), SankeyFlow("S2", "S2", 1)], KNOWN)
    tops = [bar.top for bar in picture.left]
    labels = [bar.label for bar in picture.left]
    assert labels[1] - labels[0] >= 13
    assert tops[1] > picture.left[0].height
    assert picture.height > DIAGRAM_HEIGHT


def test_nobody_who_moves_makes_no_picture():
    assert layout_sankey([SankeyFlow("S1", "S0", 0)], KNOWN).bands == ()


def test_mobility_is_told_for_every_period_with_its_interval():
    page = mobility_section(bundle(transitions=MOVED))
    assert [row.since for row in page.periods] == [
        "11\xa0Sep\xa02010",
        "10\xa0Sep\xa02011",
    ]
    assert all(row.low < row.mobility < row.high for row in page.periods)
    assert [row.is_small for row in page.periods] == [True, False]


def test_only_clear_differences_of_rows_with_enough_customers_are_listed():
    (pair,) = mobility_section(bundle(transitions=MOVED)).comparisons
    assert "the same season a year earlier" in pair.title
    assert pair.significant == len(pair.changes)
    assert all(change.low > 0 or change.high < 0 for change in pair.changes)
    # Core had 26 customers in the first period, and nobody new can be inactive.
    assert pair.n_compared == 4 * 3 + 3


def test_what_comes_next_is_told_with_how_wide_its_intervals_had_to_be():
    page = mobility_section(bundle(transitions=MOVED))
    assert page.dispersion == 2.0
    assert page.period.startswith("10\xa0Dec\xa02011 to ")
    assert [row.start.name for row in page.expected][-1] == "New"
    assert page.expected[-1].cells[1][2] is None


def test_a_page_without_moves_has_no_such_section():
    assert mobility_section(bundle(transitions={})) is None
    assert 'id="mobility"' not in render_html(bundle(transitions={}))


def test_who_lapsed_is_told_in_words_with_the_money():
    days = {"since": [SECOND] * 2, "until": [AFTER] * 2}
    kinds = {"activity": ["lapsed", "reactivated"], "customers": [12, 7]}
    money = {"spend_before": [340.5, 0.0], "spend_after": [0.0, 99.0]}
    table = pl.DataFrame({**days, **kinds, **money})
    given = bundle(transitions={**MOVED, "activity": table})
    rows = transitions_section(given).activity
    assert [(row.activity, row.customers, row.spend_before) for row in rows] == [
        ("lapsed", 12, 340.5),
        ("reactivated", 7, 0.0),
    ]
    shown = render_html(given).split('id="migration"')[1].split("</section>")[0]
    assert "Reactivated: an order in the second window" in shown
    assert "€341" in shown.replace("\u00a0", "") or "341" in shown
