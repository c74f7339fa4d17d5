"""Numbers become words in one way, and what is no number becomes a dash."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.core.segment import Segment
from segpredict.report import formatting
from segpredict.report.html.badges import segment_badges, stacked_strip
from segpredict.report.html.chart_layout import layout_intervals

NUMBERS = (
    "format_number",
    "format_short",
    "format_share",
    "format_signed",
    "format_points",
    "format_money_units",
    "format_money",
)


@pytest.mark.parametrize("form", NUMBERS)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, "12", True])
def test_what_is_no_number_is_a_dash(form, value):
    assert getattr(formatting, form)(value) == "–"


@given(st.floats(-1e12, 1e12))
def test_no_number_is_shown_as_minus_zero(value):
    for form in (
        formatting.format_number,
        formatting.format_short,
        formatting.format_signed,
        formatting.format_share,
    ):
        assert form(value).strip("−+%\u202f0.,") or "−" not in form(value)


@given(st.integers(-(10**15), 10**15))
def test_money_keeps_its_pennies(units):
    told = formatting.format_money_units(units * 100, "£")
    plain = told.replace("£", "").replace(",", "").replace("−", "-")
    assert round(float(plain) * 100) == units


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=8))
def test_a_strip_fills_its_width_or_is_empty(amounts):
    known = segment_badges(Segment(i, f"S{i}", "x") for i in range(len(amounts)))
    rows = [SimpleNamespace(badge=known[f"S{i}"], n=n) for i, n in enumerate(amounts)]
    pieces = stacked_strip(rows, "n")
    filled = sum(piece.width for piece in pieces)
    assert filled == 0 or filled == pytest.approx(100, abs=0.01)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0, 3), st.floats(0, 3)), max_size=6))
def test_whiskers_stay_on_the_axis_and_in_order(intervals):
    marks = layout_intervals([{"value": v, "low": v - a, "high": v + b} for v, a, b in intervals])
    for mark in marks:
        assert 4 <= mark.low <= mark.dot <= mark.high <= 96
        assert 4 <= mark.zero <= 96


def test_a_date_that_is_none_stays_as_it_is():
    assert formatting.format_iso_day("2011-13-01") == "2011-13-01"
