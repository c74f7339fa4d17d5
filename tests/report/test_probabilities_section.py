import html
import re

import polars as pl
from bundles import bundle, evaluation, plain_page
from probabilities_bundle import POLICIES

from segpredict.report import render_html
from segpredict.report.context.probabilities import probabilities_section


def test_curves_rise_from_the_lower_left():
    (picture,) = probabilities_section(bundle()).reliability
    assert picture.curves[0].points == ((25.0, 50.0), (75.0, 30.0))
    assert picture.note == "calibration error 2.1% (1.5% to 3.4%)"


def test_coverage_stands_on_the_page_with_its_interval():
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain_page()))
    assert "all tests all customers 4,306 91" in text
    assert "2.31" in text


def test_the_rule_that_is_used_is_marked():
    found = {rule.name: rule for rule in probabilities_section(bundle()).decision_rules}
    assert found["Balanced"].is_used
    assert not found["Argmax"].is_used
    assert found["Balanced"].cost == 123.4


def test_kinds_of_customers_are_told_apart():
    strata = dict(probabilities_section(bundle()).strata)
    assert strata["New in the window"][0].high < 0
    assert strata["Country"][0].group == "France"


def test_a_run_that_tested_nothing_has_no_such_section():
    assert probabilities_section(bundle(scorecard=None)) is None


def test_why_there_are_no_sets_is_said():
    card = bundle().scorecard.filter(~pl.col("metric").str.starts_with("set_"))
    none, late = (
        {**POLICIES, "folds": [{**POLICIES["folds"][0], "inner_origins": days} for days in each]}
        for each in (([], []), ([], ["2011-04-16", "2011-06-11"]))
    )
    given = bundle(scorecard=card, evaluation=evaluation(policies=none))
    assert probabilities_section(bundle()).untested_reason == ""
    assert probabilities_section(given).untested_reason.endswith(
        "every segment is therefore in every set."
    )
    given = bundle(scorecard=card, evaluation=evaluation(policies=late))
    assert (
        "2 later inner windows, the newest of 11\xa0Jun\xa02011"
        in probabilities_section(given).untested_reason
    )
    assert probabilities_section(given).untested_reason in html.unescape(render_html(given))


def test_lost_revenue_is_captured_in_the_order_of_the_lists():
    lost = probabilities_section(bundle()).captures[-1]
    assert lost.title == "Revenue that is lost"
    assert [curve.label for curve in lost.curves] == [
        "Revenue at risk, as the lists rank",
        "Past spend",
    ]
    # Of both tests together 40 customers; the first four hold 39 of 210.
    assert lost.curves[0].points[1] == (10.0, round(100 - 100 * 39 / 210, 2))
    assert lost.note == "40 forecasts; the first tenth holds 19%, lift 1.9"
