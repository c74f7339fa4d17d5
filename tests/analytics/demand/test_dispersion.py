"""Quantiles of demand are those of a negative binomial, and cost decides which."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.demand.forecast import (
    critical_ratio,
    negative_binomial_dispersion,
    negative_binomial_quantile,
    turnover_classes,
)


def test_quantiles_are_those_of_a_geometric_worked_out_by_hand() -> None:
    # Mean 1, α = 1: P(k or less) = 1 − 2^−(k + 1) = 1/2, 3/4, 7/8, 15/16 …
    for probability, units in ((0.5, 0), (0.74, 1), (0.75, 1), (0.76, 2), (0.9, 3)):
        assert negative_binomial_quantile(np.array([1.0]), 1.0, probability).tolist() == [units]


def test_a_planted_dispersion_is_found_and_its_quantiles_hold() -> None:
    rng = np.random.default_rng(3)
    mean = rng.uniform(5, 200, 4000)
    n = 1 / 0.6
    actual = rng.negative_binomial(n, n / (n + mean)).astype(float)
    alpha = negative_binomial_dispersion(mean, actual)
    assert alpha == pytest.approx(0.6, rel=0.05)
    assert (actual <= negative_binomial_quantile(mean, alpha, 0.9)).mean() == pytest.approx(
        0.9, abs=0.015
    )
    assert (actual <= negative_binomial_quantile(mean, alpha, 0.5)).mean() == pytest.approx(
        0.5, abs=0.025
    )


def test_counts_that_are_poisson_have_next_to_no_dispersion() -> None:
    rng = np.random.default_rng(4)
    mean = rng.uniform(5, 50, 2000)
    assert negative_binomial_dispersion(mean, rng.poisson(mean).astype(float)) < 0.005


def test_nothing_expected_tells_nothing_and_needs_nothing() -> None:
    assert negative_binomial_dispersion(np.zeros(2), np.array([1.0, 2.0])) is None
    assert negative_binomial_quantile(np.zeros(2), 0.5, 0.99).tolist() == [0.0, 0.0]


def test_the_ratio_weighs_a_lost_sale_against_a_piece_left_over() -> None:
    # Sold for 10, bought for 4: 6 lost without it; left over it costs 4, or 2.
    price, cost = np.array([10.0]), np.array([4.0])
    assert critical_ratio(price, cost, 0.0).tolist() == [0.6]
    assert critical_ratio(price, cost, 0.5).tolist() == [0.75]


def test_what_costs_more_than_it_brings_has_no_quantity() -> None:
    ratio = critical_ratio(np.array([3.0]), np.array([4.0]), 0.0)
    assert np.isnan(negative_binomial_quantile(np.array([5.0]), 0.5, ratio)).all()


def test_few_items_are_one_class_and_many_are_three() -> None:
    assert turnover_classes(np.array([5.0, 1.0])).tolist() == [0, 0]
    found = turnover_classes(np.array([1.0] * 40 + [960.0]))
    assert found[-1] == 0
    # 960 of 1000 are beyond 95 % already, so all that follow are slow.
    assert set(found[:-1].tolist()) == {2}


@given(st.floats(0.01, 1000), st.floats(0.001, 5), st.floats(0.05, 0.9), st.floats(0, 0.09))
def test_more_certainty_never_asks_for_less(mean, alpha, probability, more) -> None:
    units = np.array([mean])
    low, high = (
        negative_binomial_quantile(units, alpha, c)[0] for c in (probability, probability + more)
    )
    assert 0 <= low <= high
