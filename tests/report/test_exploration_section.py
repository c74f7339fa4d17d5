"""What the data look like is drawn, told in words, and embedded for filters."""

import json
import re

import pytest
from bundles import bundle
from exploration_bundle import explored
from test_page import HOSTILE, Reader, assert_harmless

from segpredict.report import render_html
from segpredict.report.context.exploration import exploration_section
from segpredict.report.html.filters import filter_data


def test_bars_are_percent_of_the_longest_and_the_finding_is_said():
    frequency = exploration_section(bundle()).charts[0]
    assert [(b.label, b.value) for b in frequency.bins[:3]] == [("1", 30), ("2", 10), ("3", 0)]
    page = render_html(bundle()).partition('id="chart-frequency"')[2]
    widths = re.findall(r'data-action="right" width="(.+?)%"', page)
    assert widths[:3] == ["100.0", "33.33", "0.0"]
    assert frequency.finding == "75\u202f% ordered once."


def test_the_week_shows_the_hours_with_orders():
    found = exploration_section(bundle())
    assert found.hours == tuple(range(8, 17))
    assert sum(b.value for day in found.week for b in day.hours) == 50


def test_what_filters_read_adds_up_to_what_is_drawn():
    found = exploration_section(bundle())
    for drawn in found.charts:
        read = filter_data(bundle())["charts"][drawn.name]
        total = sum(cell[4] for cell in read["cells"]) / read["per"]
        assert total == pytest.approx(sum(b.value for b in drawn.bins))


def test_what_was_not_measured_has_no_such_section():
    assert exploration_section(bundle(exploration={})) is None


def test_hostile_countries_are_only_text():
    payload = " ".join(HOSTILE)
    page = Reader(render_html(bundle(exploration=explored(payload))))
    assert_harmless(page)
    assert json.loads(page.scripts[0])["countries"] == [payload]
