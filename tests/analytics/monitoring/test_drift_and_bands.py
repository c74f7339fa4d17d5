"""Distances of distributions, and bands from the shop's own past."""

import numpy as np
import pytest

from segpredict.analytics.monitoring import (
    Finding,
    advise_refresh,
    figure_band,
    measure_drift,
    pooled_bands,
)


def test_equal_values_have_not_moved() -> None:
    found = measure_drift(np.arange(100.0), np.arange(100.0))
    assert found is not None
    assert (found.psi, found.js, found.ks) == (0.0, 0.0, 0.0)


def test_the_index_is_that_of_its_formula() -> None:
    """Half of the customers in each of two bins, then a tenth and nine tenths."""
    before = np.repeat([0.0, 1.0], 50_000)
    after = np.repeat([0.0, 1.0], [10_000, 90_000])
    found = measure_drift(before, after)
    assert found is not None
    expected = (0.1 - 0.5) * np.log(0.1 / 0.5) + (0.9 - 0.5) * np.log(0.9 / 0.5)
    assert found.psi == pytest.approx(expected, abs=1e-3)
    assert found.ks == pytest.approx(0.4)


def test_missing_values_are_left_out_and_nothing_gives_nothing() -> None:
    values = np.array([1.0, 2.0, 3.0])
    assert measure_drift(values, np.append(values, np.nan)) == measure_drift(values, values)
    assert measure_drift(values, np.array([np.nan])) is None


def test_bands_hold_as_many_later_figures_as_they_say() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(500):
        values = rng.normal(0.8, 0.02, 4)
        band = figure_band(values[:3].tolist())
        assert band.low is not None
        assert band.high is not None
        inside += band.low <= values[3] <= band.high
    assert 457 <= inside <= 490  # of 500 at 95 %: outside once in a thousand


def test_more_looks_make_a_band_wider() -> None:
    one, four = (figure_band([0.7, 0.8, 0.75], looks=looks) for looks in (1, 4))
    assert one.high is not None
    assert four.high is not None
    assert four.high > one.high


def test_one_backtest_promises_nothing() -> None:
    band = figure_band([0.8])
    assert (band.expected, band.low, band.high) == (0.8, None, None)
    assert not band.is_worse(9.0, 1)


@pytest.mark.parametrize(
    ("direction", "value", "is_worse"),
    [(1, 9.0, True), (1, -9.0, False), (-1, -9.0, True), (0, 9.0, True), (0, -9.0, True)],
)
def test_only_the_bad_end_is_worse(direction: int, value: float, is_worse: bool) -> None:
    assert figure_band([0.7, 0.8, 0.75]).is_worse(value, direction) is is_worse


def test_a_column_that_varied_more_keeps_its_own_spread() -> None:
    bands = pooled_bands({"calm": [1.0, 1.1, 0.9], "wild": [1.0, 9.0, 5.0], "new": [1.0]})
    assert set(bands) == {"calm", "wild"}
    assert bands["wild"].high - bands["wild"].low > bands["calm"].high - bands["calm"].low
    assert pooled_bands({"new": [1.0]}) == {}


def test_missing_data_come_before_a_worse_forecast_and_that_before_drift() -> None:
    drifted = Finding("drift", "2024-01-01", "Features moved.")
    worse = Finding("worse_than_baseline", "2024-02-01", "Worse than markov.")
    stopped = Finding("data_stopped", "2024-03-01", "Data stopped.")
    assert advise_refresh([drifted, worse, stopped], 3).action == "check data"
    assert advise_refresh([drifted, worse], 3).since == "2024-02-01"
    advice = advise_refresh([drifted], 3)
    assert (advice.action, advice.since) == ("keep", "2024-01-01")
    assert "outcome will tell" in advice.reason
