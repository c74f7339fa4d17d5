"""Differences between arms: as published code computes them, and as often right as they say."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from segpredict.analytics.campaigns.effects import (
    compare_arms,
    compare_shares,
    level_of_look,
    sample_ratio_p_value,
)
from segpredict.errors import UsageError

N = 400


def experiment() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outcome, treatment and forecast of 400 customers, 300 of them treated."""
    rng = np.random.default_rng(5)
    forecast = rng.gamma(2, 50, N)
    is_treated = np.arange(N) % 4 != 0
    return 0.7 * forecast + rng.normal(0, 40, N) + 8 * is_treated, is_treated, forecast


def test_figures_are_those_that_tea_tasting_printed() -> None:
    outcome, is_treated, forecast = experiment()
    plain, adjusted = (compare_arms(outcome, is_treated, x) for x in (None, forecast))
    assert plain is not None
    assert adjusted is not None
    assert (plain.difference, plain.low, plain.high, plain.p_value) == pytest.approx(
        (-1.3852703542775657, -14.97531150082106, 12.20477079226593, 0.8407130477414402)
    )
    assert (adjusted.difference, adjusted.low, adjusted.high, adjusted.p_value) == pytest.approx(
        (2.935431536982506, -5.772016016127571, 11.642879090092583, 0.5066390430226738)
    )
    assert adjusted.variance_removed == pytest.approx(0.5589, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_figures_are_those_of_tea_tasting(seed: int) -> None:
    tea = pytest.importorskip("tea_tasting", exc_type=ImportError)
    rng = np.random.default_rng(seed)
    forecast = rng.lognormal(3, 1, N)
    outcome, is_treated = forecast * rng.random(N), rng.random(N) < 0.7
    rows = {"variant": is_treated.astype(int), "y": outcome, "x": forecast}
    asked = {"y": tea.Mean("y"), "yx": tea.Mean("y", "x"), "n": tea.SampleRatio({0: 3, 1: 7})}
    wanted = tea.Experiment(**asked).analyze(pl.DataFrame(rows))
    for name, x in (("y", None), ("yx", forecast)):
        found = compare_arms(outcome, is_treated, x)
        assert found is not None
        theirs = wanted[name]
        assert (found.treated, found.control, found.low, found.high, found.p_value) == (
            pytest.approx(
                (
                    *(theirs.treatment, theirs.control),
                    *(theirs.effect_size_ci_lower, theirs.effect_size_ci_upper, theirs.pvalue),
                )
            )
        )
    ratio = sample_ratio_p_value(int(is_treated.sum()), int((~is_treated).sum()), 0.3)
    assert ratio == pytest.approx(wanted["n"].pvalue)


def test_intervals_cover_a_planted_effect_as_often_as_they_say() -> None:
    covered = {"plain": 0, "adjusted": 0}
    widths = {"plain": 0.0, "adjusted": 0.0}
    for draw in range(400):
        rng = np.random.default_rng(draw)
        forecast = rng.gamma(1, 50, N)
        is_treated = rng.permutation(N) < N // 2
        outcome = forecast * rng.gamma(4, 0.25, N) + 10 * is_treated
        for kind, x in (("plain", None), ("adjusted", forecast)):
            found = compare_arms(outcome, is_treated, x)
            assert found is not None
            covered[kind] += found.low <= 10 <= found.high
            widths[kind] += found.high - found.low
    # Of 400 with probability 0.95: fewer than 367 or more than 392 once in a thousand.
    assert all(367 <= count <= 392 for count in covered.values()), covered
    assert widths["adjusted"] < 0.6 * widths["plain"]


def test_an_arm_that_says_nothing_gives_no_difference() -> None:
    ones = np.ones(4)
    assert compare_arms(ones, np.array([True, True, True, False])) is None
    assert compare_arms(ones, np.array([True, True, False, False])) is None


def test_a_forecast_of_one_value_adjusts_nothing() -> None:
    outcome, is_treated, _ = experiment()
    assert compare_arms(outcome, is_treated, np.ones(N)) == compare_arms(outcome, is_treated)


def test_looks_together_spend_the_planned_level_and_most_of_it_at_the_end() -> None:
    levels: dict[float, float] = {}
    for fraction in (0.25, 0.5, 0.75, 1.0):
        levels[fraction] = level_of_look(fraction, levels, 0.05)
    assert sum(levels.values()) == pytest.approx(0.05)
    assert levels[0.25] < 0.0002
    assert levels[1.0] > 0.02
    assert level_of_look(0.5, levels, 0.05) == levels[0.5]


def test_many_early_looks_claim_no_more_often_than_planned() -> None:
    rng = np.random.default_rng(1)
    levels: dict[float, float] = {}
    fractions = np.linspace(0.2, 1, 5)
    for fraction in fractions:
        levels[fraction] = level_of_look(float(fraction), levels, 0.05)
    is_treated = np.arange(100) < 50
    wrong = 0
    for _ in range(300):
        steps = rng.normal(size=(5, 100))
        grown = np.cumsum(steps, axis=0)
        tests = ((compare_arms(grown[i], is_treated), levels[fractions[i]]) for i in range(5))
        wrong += any(test is not None and test.p_value < level for test, level in tests)
    assert wrong <= 27  # of 300 at 5 %: more once in a thousand


def test_older_data_than_before_are_no_new_look() -> None:
    with pytest.raises(UsageError, match="80% was read before"):
        level_of_look(0.5, {0.8: 0.02}, 0.05)


def test_lost_customers_of_one_arm_are_a_mismatch() -> None:
    whole, lost = sample_ratio_p_value(500, 500, 0.5), sample_ratio_p_value(500, 380, 0.5)
    assert whole == 1
    assert lost is not None
    assert lost < 0.001
    assert sample_ratio_p_value(0, 0, 0.5) is None


def test_arms_that_are_all_alike_make_no_claim() -> None:
    bought = np.array([1.0] * 18 + [0.0] * 182 + [0.0] * 5)
    is_treated = np.arange(205) < 200
    assert compare_arms(bought, is_treated) is None
    assert compare_arms(bought, is_treated, np.arange(205.0)) is None
    assert compare_shares(bought, is_treated) is None


def test_intervals_of_shares_are_newcombes() -> None:
    """56 of 70 and 48 of 80: example (a) of Newcombe (1998), method 10."""
    bought = np.repeat([1.0, 0.0, 1.0, 0.0], [56, 14, 48, 32])
    found = compare_shares(bought, np.arange(150) < 70)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_an_arm_without_a_buyer_is_compared_where_many_were_to_be_expected() -> None:
    bought = np.repeat([0.0, 1.0, 0.0], [60, 12, 48])
    found = compare_shares(bought, np.arange(120) < 60)
    assert found is not None
    assert found.low < -0.2 < found.high < 0


def test_a_small_control_group_claims_no_more_often_than_it_says() -> None:
    """10 % of 2,000 held out, of whom few buy: the p-value of Welch's t is below 5 % too often."""
    rng = np.random.default_rng(3)
    is_treated = np.arange(600) < 540
    claims, compared = 0, 0
    for _ in range(500):
        forecast = rng.beta(0.2, 1.8, 600)
        bought = (rng.random(600) < forecast).astype(float)
        found = compare_shares(bought, is_treated, forecast)
        compared += found is not None
        claims += found is not None and (found.low > 0 or found.high < 0)
    assert compared > 300
    assert claims <= stats.binom.ppf(0.999, compared, 0.05)
