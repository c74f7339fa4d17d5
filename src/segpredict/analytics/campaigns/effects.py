"""The difference between two arms, adjusted for a forecast; sample ratio and early looks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy import stats

from segpredict.core.arrays import BoolArray, FloatArray
from segpredict.errors import UsageError

MIN_ARM = 2  # customers that a variance needs
MIN_EXPECTED = 5  # buyers, and others, that a share of the smaller arm needs
LEVEL_DIGITS = 12  # of a fraction of a window, by which looks are told apart


@dataclass(frozen=True, slots=True)
class ArmDifference:
    """The mean of the treated customers minus that of the controls."""

    # means of the arms, adjusted where there is a covariate
    treated: float
    control: float
    # treated − control, its interval, and the two-sided p-value
    difference: float
    low: float
    high: float
    p_value: float
    level: float  # confidence level of the interval
    variance_removed: float = 0.0  # share of the variance that the covariate takes out


def compare_arms(
    outcome: FloatArray,
    is_treated: BoolArray,
    covariate: FloatArray | None = None,
    level: float = 0.95,
) -> ArmDifference | None:
    """Return the difference of means by Welch's t; ``None`` where all of an arm are alike.

    The covariate must be known before anybody is treated, as a forecast is. With it the outcome is
    y − θ(x − x̄), θ = cov(x, y) / var(x) over both arms (CUPED: Deng, Xu, Kohavi and Walker 2013;
    with a forecast as x: CUPAC). That moves no difference on average and removes the variance that
    the forecast explains.

    >>> y, treated = np.array([1.0, 2.0, 3.0, 3.0, 4.0, 5.0]), np.arange(6) > 2
    >>> found = compare_arms(y, treated)
    >>> found.difference, round(found.low, 3), round(found.high, 3)
    (2.0, -0.267, 4.267)
    """
    if min(is_treated.sum(), (~is_treated).sum()) < MIN_ARM:
        return None
    if not all(np.ptp(outcome[arm]) for arm in (is_treated, ~is_treated)):
        return None
    adjusted, removed = _adjusted(outcome, covariate)
    treated, control = adjusted[is_treated], adjusted[~is_treated]
    parts = [float(arm.var(ddof=1)) / len(arm) for arm in (treated, control)]
    error = math.sqrt(sum(parts))
    difference = float(treated.mean() - control.mean())
    if error == 0:  # the forecast told all
        return None
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(arm) - 1) for part, arm in zip(parts, (treated, control), strict=True)
    )
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    return ArmDifference(
        treated=float(treated.mean()),
        control=float(control.mean()),
        difference=difference,
        low=difference - half,
        high=difference + half,
        p_value=2 * float(stats.t.sf(abs(difference) / error, freedom)),
        level=level,
        variance_removed=removed,
    )


def compare_shares(
    outcome: FloatArray,
    is_treated: BoolArray,
    covariate: FloatArray | None = None,
    level: float = 0.95,
) -> ArmDifference | None:
    """Return the difference of the shares of ones; ``None`` where they are too few to tell.

    The interval is Newcombe's hybrid score interval (1998, Statistics in Medicine 17, method 10),
    which holds at small counts, where Welch's does not. A covariate adjusts as in `compare_arms`;
    both ends come nearer by the square root of the variance that it leaves. The p-value is that of
    the score test.

    >>> y = np.repeat([1.0, 0.0, 1.0, 0.0], [56, 14, 48, 32])
    >>> found = compare_shares(y, np.arange(150) < 70)
    >>> round(found.difference, 4), round(found.low, 4), round(found.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    if expected_cases(outcome, is_treated) < MIN_EXPECTED:
        return None
    adjusted, removed = _adjusted(outcome, covariate)
    kept = math.sqrt(1 - removed)
    z = NormalDist().inv_cdf((1 + level) / 2)
    arms = is_treated, ~is_treated
    (p1, low1, high1), (p2, low2, high2) = (_wilson(outcome[arm], z) for arm in arms)
    treated, control = (float(adjusted[arm].mean()) for arm in arms)
    difference, whole = treated - control, float(outcome.mean())
    error = kept * math.sqrt(whole * (1 - whole) * sum(1 / int(arm.sum()) for arm in arms))
    if error == 0:  # the forecast told all
        return None
    return ArmDifference(
        treated=treated,
        control=control,
        difference=difference,
        low=difference - kept * math.hypot(p1 - low1, high2 - p2),
        high=difference + kept * math.hypot(high1 - p1, p2 - low2),
        p_value=2 * float(stats.norm.sf(abs(difference) / error)),
        level=level,
        variance_removed=removed,
    )


def expected_cases(outcome: FloatArray, is_treated: BoolArray) -> float:
    """Return how many ones, or noughts if fewer, the smaller arm expects where arms are alike.

    >>> expected_cases(np.array([1.0, 0.0, 0.0, 0.0]), np.array([True, True, True, False]))
    0.25
    """
    share = float(outcome.mean()) if len(outcome) else 0.0
    return min(share, 1 - share) * int(min(is_treated.sum(), (~is_treated).sum()))


def _adjusted(outcome: FloatArray, covariate: FloatArray | None) -> tuple[FloatArray, float]:
    """Return the outcome without what the covariate explains, and the share of its variance."""
    before = float(np.var(outcome))
    spread = 0.0 if covariate is None else float(np.var(covariate))
    if covariate is None or not spread or not before:
        return outcome, 0.0
    centred = covariate - covariate.mean()
    adjusted = outcome - float(np.mean(centred * outcome)) / spread * centred
    return adjusted, 1 - float(np.var(adjusted)) / before


def _wilson(outcome: FloatArray, z: float) -> tuple[float, float, float]:
    """Return a share and the ends of Wilson's interval."""
    n, share = len(outcome), float(outcome.mean())
    middle, scale = share + z * z / (2 * n), 1 + z * z / n
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return share, (middle - half) / scale, (middle + half) / scale


def sample_ratio_p_value(n_treated: int, n_control: int, control_share: float) -> float | None:
    """Return the exact binomial p-value of these sizes under the share that was drawn.

    Far below 0.001, customers were lost or swapped after the draw (sample ratio mismatch: Fabijan
    and others 2019), and no difference between the arms means anything.

    >>> sample_ratio_p_value(90, 10, 0.1), sample_ratio_p_value(99, 1, 0.1) < 0.001
    (1.0, True)
    """
    n = n_treated + n_control
    if not n or not 0 < control_share < 1:
        return None
    return float(stats.binomtest(n_control, n, control_share).pvalue)


def level_of_look(fraction: float, earlier: Mapping[float, float], alpha: float) -> float:
    """Return the significance level of a look at this fraction of the outcome window.

    By fraction t the levels of all looks sum up to 2 − 2Φ(z(1−α/2)/√t): nearly nothing is spent
    early, and all of α at the end (the O'Brien–Fleming spending function of Lan and DeMets 1983,
    whose looks are added up here without the gain from their correlation, which is conservative).
    A look at a fraction that was read before has the level it had.

    * `fraction`: of the outcome window, above 0 and up to 1.
    * `earlier`: the levels of earlier looks, by their fraction.

    Raises `UsageError` when an earlier look had newer data.

    >>> level_of_look(1.0, {}, 0.05), round(level_of_look(0.5, {}, 0.05), 4)
    (0.05, 0.0056)
    >>> round(level_of_look(1.0, {0.5: 0.0056}, 0.05), 4)
    0.0444
    """
    known = {round(at, LEVEL_DIGITS): level for at, level in earlier.items()}
    at = round(fraction, LEVEL_DIGITS)
    if at in known:
        return known[at]
    last = max(known, default=0.0)
    if at < last:
        raise UsageError(
            f"These data cover {at:.0%} of the outcome window, and {last:.0%} was read before.",
            fix="give data that reach at least as far as those of the last readout.",
        )
    normal = NormalDist()
    if at == 1:
        return alpha - sum(known.values())
    spent = 2 - 2 * normal.cdf(normal.inv_cdf(1 - alpha / 2) / math.sqrt(at))
    return max(spent - sum(known.values()), 0.0)
