"""Sizes of tests against published values, and the laws that they must keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.campaigns.sample_size import (
    ErrorRates,
    minimum_detectable_mean,
    minimum_detectable_share,
    minimum_holdout_share,
    sample_size_for_mean,
    sample_size_for_share,
)


def test_shares_agree_with_the_example_of_r() -> None:
    # ?power.prop.test: p1 = .50, p2 = .75, power = .90 gives n = 76.7.
    assert sample_size_for_share(0.50, 0.25, ErrorRates(power=0.90)) == 77


def test_shares_agree_with_the_formula_by_hand() -> None:
    # p̄ = .11: (1.959964·√(2·.11·.89) + .841621·√(.1·.9 + .12·.88))² / .02²
    #        = (.867278 + .372184)² / .0004 = 3840.67
    assert sample_size_for_share(0.10, 0.02) == 3841


def test_means_follow_the_rule_of_sixteen() -> None:
    # 2 · (1.959964 + .841621)² = 15.698
    assert sample_size_for_mean(1.0, 1.0) == 16
    assert sample_size_for_mean(1.0, 0.1) == 1570


def test_spend_known_before_takes_its_share_of_the_variance_away() -> None:
    assert sample_size_for_mean(1.0, 0.1, rho=0.6) == 1005  # 1569.8 · .64 = 1004.7
    assert sample_size_for_mean(1.0, 0.1, rho=-0.6) == 1005


def test_nine_treated_for_each_left_alone_need_fewer_alone_and_more_in_all() -> None:
    alone = sample_size_for_mean(1.0, 0.1, ratio=9.0)
    assert alone == 873  # (1 + 1/9) · 7.84888 · 100 = 872.1
    assert 10 * alone > 2 * 1570


@pytest.mark.parametrize(("base", "uplift"), [(0.97, 0.05), (0.5, 0.0), (1.2, 0.1)])
def test_what_cannot_be_is_not_planned(base: float, uplift: float) -> None:
    assert sample_size_for_share(base, uplift) is None


def test_no_effect_and_no_spread_are_not_planned() -> None:
    assert sample_size_for_mean(1.0, 0.0) is None
    assert sample_size_for_mean(0.0, 1.0) is None
    assert minimum_detectable_share(0.5, 1, 1) is None
    assert minimum_detectable_mean(1.0, 1, 50) is None


def test_too_small_a_test_sees_nothing_at_all() -> None:
    assert minimum_detectable_share(0.95, 4, 4) is None


@given(
    base=st.floats(0.01, 0.6),
    alone=st.integers(40, 5_000),
    ratio=st.sampled_from([1, 2, 9]),
)
def test_what_a_test_sees_is_what_it_was_sized_for(base: float, alone: int, ratio: int) -> None:
    seen = minimum_detectable_share(base, alone, ratio * alone)
    assert seen is not None
    assert sample_size_for_share(base, seen, ratio=ratio) == alone


@given(sd=st.floats(0.1, 100), n=st.integers(10, 10_000), rho=st.floats(-0.9, 0.9))
def test_a_mean_that_is_seen_needs_just_so_many(sd: float, n: int, rho: float) -> None:
    seen = minimum_detectable_mean(sd, n, n, rho)
    assert seen is not None
    assert sample_size_for_mean(sd, seen, rho) in {n, n + 1}  # the last bit may round up


@given(base=st.floats(0.05, 0.5), n=st.integers(100, 20_000))
def test_the_least_share_left_alone_is_enough_and_less_is_not(base: float, n: int) -> None:
    share = minimum_holdout_share(base, 0.1, n, ErrorRates())
    if share is None:
        assert (sample_size_for_share(base, 0.1) or 0) > n // 2
        return
    alone = round(share * 100) * n // 100
    assert sample_size_for_share(base, 0.1, ratio=(n - alone) / alone) <= alone
    less = (round(share * 100) - 1) * n // 100
    if less:
        assert sample_size_for_share(base, 0.1, ratio=(n - less) / less) > less


def test_the_promised_power_is_there_when_tests_are_drawn() -> None:
    rng = np.random.default_rng(1)
    n, base, uplift = sample_size_for_share(0.3, 0.1), 0.3, 0.1
    one, other = (
        rng.binomial(n, base, 4000) / n,
        rng.binomial(n, base + uplift, 4000) / n,
    )
    mean = (one + other) / 2
    z = (other - one) / np.sqrt(2 * mean * (1 - mean) / n)
    assert np.mean(np.abs(z) > 1.959964) == pytest.approx(0.80, abs=0.02)
