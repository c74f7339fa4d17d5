"""The section on worth: what is claimed, what came, and what is not promised."""

import re

import pytest
from bundles import bundle, plain_page
from customer_value_bundle import customer_value as tables

from segpredict.report import section_contexts
from segpredict.report.context.customer_value import customer_value_section


def page() -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain_page()))


def test_the_sums_of_now_and_what_came_of_earlier_ones_lead() -> None:
    text = page()
    assert "Revenue at risk is £6,000 of the £6,000 that customers would spend" in text
    assert "In backtests, 50 % to 75 % of the predicted revenue at risk was actually lost" in text


def test_nothing_is_promised() -> None:
    text = page()
    assert "not what a campaign would save" in text
    assert not re.search(r"save £", text)


def test_bars_are_predictions_and_dots_what_came() -> None:
    found = customer_value_section(bundle())
    first = found.backtest_risk[0].deciles[0]
    # Two customers of 20 and 19; half of it came.
    assert (first.predicted, first.actual.sum) == (39, 19.5)
    chart = found.backtest_risk[0]
    drawn = plain_page().partition('aria-label="Revenue at risk, 11')[2]
    height = float(re.search(r'width="7" height="([\d.]+)"', drawn)[1])
    dot = float(re.search(r"M5,([\d.]+)h0", drawn)[1])
    assert height == pytest.approx(100 * 39 / chart.top, abs=0.01)
    assert 100 - dot == pytest.approx(height / 2, abs=0.02)
    assert chart.axes.up[0] == (100.0, "£0")
    assert [text for _, text in chart.axes.across] == [str(i + 1) for i in range(10)]
    assert first.actual.sum_low <= first.actual.sum <= first.actual.sum_high
    assert [chart.note for chart in found.backtest_risk] == [
        "50% of the predicted sum was realised",
        "75% of the predicted sum was realised",
    ]


def test_the_actual_sum_stands_beside_the_predicted_one() -> None:
    told = customer_value_section(bundle()).sums[0]
    assert (told.window, told.measure) == ("11\xa0Jun\xa02011", "Revenue at risk")
    assert told.actual.ratio == 0.5
    assert told.actual.excludes_one
    assert customer_value_section(bundle()).sums[-1].window == "all tests"


def test_lifetime_charts_and_errors_begin_with_the_longest_span() -> None:
    found = customer_value_section(bundle())
    assert found.longest == 182
    assert [chart.title for chart in found.backtest_lifetime] == [
        "Value model of this run",
        "BG/NBD with Gamma-Gamma",
    ]
    assert [span.days for span in found.spans] == [182, 91, 91]
    chain, buying, plain = found.spans[0].methods
    assert chain.figures["mae"].value == 5
    assert chain.figures["mae"].is_worse
    assert buying.figures["mae"].is_better
    assert not plain.figures["mae"].is_better


def test_a_run_without_worth_has_no_such_section() -> None:
    assert customer_value_section(bundle(customer_value={})) is None
    assert "customer_value" not in section_contexts(bundle(customer_value={}))["sections"]


def test_a_test_without_bgnbd_is_told_by_the_model_alone() -> None:
    given = tables()
    sums = given["sums"].filter(~(given["sums"]["model"] == "bgnbd"))
    found = customer_value_section(bundle(customer_value={**given, "sums": sums}))
    assert [chart.title for chart in found.backtest_lifetime] == ["Value model of this run"]
