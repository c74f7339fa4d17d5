"""The Markov chain of segments against every path walked one by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.customer_value.markov_value import markov_values
from segpredict.analytics.customer_value.periods import value_periods
from segpredict.config.customer_value import CustomerValueOptions
from segpredict.errors import ConfigError

MOVES = np.array([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2], [0.1, 0.3, 0.6]])
VALUES = (0.0, 10.0, 50.0)


def walked(probabilities, moves, values, ahead):
    """Return what a customer is worth: every path, its chance, and what it brings."""
    total = 0.0
    for path in itertools.product(range(len(values)), repeat=len(ahead)):
        probability = probabilities[path[0]]
        for before, after in itertools.pairwise(path):
            probability *= moves[before, after]
        brought = sum(
            each.discount_factor * each.share * values[segment]
            for each, segment in zip(ahead, path, strict=True)
        )
        total += probability * brought
    return total


def test_two_windows_by_hand():
    # 0.5 and 0.5: now (0 + 10)/2; then (0.2·10 + 0.1·50 + 0.4·10 + 0.2·50)/2 = 10.5.
    worth = markov_values(MOVES, VALUES, value_periods(91, 0, 182))
    assert np.array([0.5, 0.5, 0.0]) @ worth == pytest.approx(15.5)


@given(
    st.integers(0, 999),
    st.integers(2, 3),
    st.sampled_from([28, 91, 150, 182, 364]),
    st.floats(0, 0.5),
)
def test_the_chain_is_the_sum_over_all_paths(seed, segments, days, rate):
    rng = np.random.default_rng(seed)
    moves = rng.dirichlet(np.ones(segments), segments)
    values = tuple(rng.gamma(1, 50, segments).tolist())
    ahead = value_periods(91, 7, days, rate)
    worth = markov_values(moves, values, ahead)
    for probabilities in (np.eye(segments)[0], rng.dirichlet(np.ones(segments))):
        assert probabilities @ worth == pytest.approx(walked(probabilities, moves, values, ahead))


def test_who_never_moves_brings_the_same_in_every_window():
    worth = markov_values(np.eye(3), VALUES, value_periods(91, 0, 364))
    assert worth.tolist() == [0.0, 40.0, 200.0]


def test_money_counts_less_the_later_it_comes():
    plain, late = (markov_values(MOVES, VALUES, value_periods(91, 0, 364, r)) for r in (0.0, 0.1))
    assert (late < plain).all()
    one = value_periods(365, 0, 365, 0.1)
    assert markov_values(np.eye(3), VALUES, one) == pytest.approx(np.array(VALUES) / 1.1)


def test_a_window_cut_short_counts_in_part():
    (only,) = value_periods(91, 0, 13)
    assert only.share == pytest.approx(1 / 7)
    assert markov_values(MOVES, VALUES, [only])[2] == pytest.approx(50 / 7)


def test_a_season_scales_the_windows_it_falls_on():
    ahead = value_periods(91, 0, 182)
    worth = markov_values(np.eye(3), VALUES, ahead, [1.0, 2.0])
    assert worth.tolist() == [0.0, 30.0, 150.0]


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_a_rate_that_cannot_be_is_refused(rate):
    with pytest.raises(ConfigError, match=r"customer_value\.discount_rate"):
        CustomerValueOptions(discount_rate=rate)
