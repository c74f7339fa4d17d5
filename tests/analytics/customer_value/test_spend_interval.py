"""Intervals of the spend to come: as often right as they say."""

import json

import numpy as np
import pytest

from segpredict.analytics.customer_value.spend_interval import SpendInterval, fit_spend_interval


def drawn(rows, seed, noise=1.0):
    """Return expected spend, and actual spend of whom two fifths buy nothing."""
    rng = np.random.default_rng(seed)
    expected = rng.gamma(1, 100, rows) + 1
    bought = rng.random(rows) < 0.6
    return expected, bought * expected / 0.6 * rng.lognormal(-(noise**2) / 2, noise, rows)


def test_nine_of_ten_new_customers_lie_inside_in_every_band():
    interval = fit_spend_interval(*drawn(4_000, 1))
    expected, spend = drawn(20_000, 2)
    low, high = interval.bounds(expected)
    inside = (low <= spend) & (spend <= high)
    band = np.searchsorted(interval.limits, expected, side="right")
    assert len(interval.limits) == 4
    for each in range(5):
        assert inside[band == each].mean() == pytest.approx(0.9, abs=0.02)


def test_a_spend_that_is_never_zero_is_cut_on_both_sides():
    expected = np.linspace(1, 100, 2_000)
    spend = expected * np.tile(np.linspace(0.5, 1.5, 200), 10)
    low, high = fit_spend_interval(expected, spend).bounds(expected)
    assert (low / expected).min() == pytest.approx(0.5, abs=0.06)
    assert (high / expected).max() == pytest.approx(1.5, abs=0.06)
    assert ((low <= spend) & (spend <= high)).mean() == pytest.approx(0.9, abs=0.03)


def test_wilder_customers_have_wider_intervals():
    narrow, wide = (fit_spend_interval(*drawn(4_000, 1, noise)) for noise in (0.1, 0.8))
    assert min(wide.high) > max(narrow.high)


def test_few_customers_have_no_interval():
    assert fit_spend_interval(*drawn(99, 1)) is None
    assert fit_spend_interval(*drawn(100, 1)).limits == ()


def test_refunds_count_as_no_spend():
    expected = np.full(200, 10.0)
    low, high = fit_spend_interval(expected, np.full(200, -5.0)).bounds(expected)
    assert (low.max(), high.max()) == (0, 0)


def test_it_survives_being_kept_as_json():
    interval = fit_spend_interval(*drawn(1_000, 1))
    assert SpendInterval.from_state(json.loads(json.dumps(interval.to_state()))) == interval
