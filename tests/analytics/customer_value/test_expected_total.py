"""The expected total has an interval where backtests can give one."""

import math

import polars as pl
import pytest
from scipy import stats

from segpredict.analytics.customer_value import ExpectedTotal, expected_total


def total(*actual: float) -> ExpectedTotal:
    """Return the total of a shop whose backtests expected 100."""
    segments = pl.DataFrame({"segment_id": ["S1", "all"], "n": [9, 9], "expected_value": [1.0, 50]})
    expected = [100.0] * len(actual)
    return expected_total(segments, pl.DataFrame({"expected": expected, "actual": [*actual]}))


def test_its_ends_are_the_errors_of_the_backtests_times_student():
    found = total(80.0, 100.0, 125.0)
    error = math.log(1.25) * math.sqrt(2 / 3)
    half_width = stats.t.ppf(0.9, 3) * error
    assert (found.value, found.customers, found.backtests) == (50.0, 9, 3)
    assert found.low == pytest.approx(50 * math.exp(-half_width))
    assert found.high == pytest.approx(50 * math.exp(half_width))
    assert (found.least_realised, found.most_realised) == (0.8, 1.25)


@pytest.mark.parametrize("actual", [(), (90.0,), (90.0, 110.0), (40.0, 100.0, 300.0)])
def test_few_backtests_and_wild_ones_give_no_interval(actual):
    found = total(*actual)
    assert (found.value, found.low, found.high) == (50.0, None, None)
    assert found.backtests == len(actual)


def test_backtests_that_were_right_give_no_width():
    found = total(100.0, 100.0, 100.0)
    assert (found.low, found.high) == (50.0, 50.0)
