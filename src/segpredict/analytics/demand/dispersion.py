"""Dispersion of demand around its forecast, and the quantiles to order."""

import numpy as np
from scipy import optimize, stats

from segpredict.core.arrays import FloatArray, IntArray

CLASS_LIMITS = (0.8, 0.95)  # of all units: fast, middling and slow items
MIN_ITEMS_OF_CLASS = 30  # items below which a level is one class
MIN_LOG_DISPERSION, MAX_LOG_DISPERSION = -12.0, 6.0  # search range
ROUNDING_TOLERANCE = 1e-9  # float noise that must not lift a whole number to the next


def turnover_classes(expected: FloatArray) -> IntArray:
    """Return the class of each item: 0 fast, 1 middling, 2 slow.

    Fast are up to four fifths of all units, slow those beyond 95 %; below thirty items all are
    fast.

    >>> np.bincount(turnover_classes(np.array([80.0] + [1.0] * 40))).tolist()
    [17, 18, 6]
    """
    if len(expected) < MIN_ITEMS_OF_CLASS:
        return np.zeros(len(expected), dtype=int)
    order = np.argsort(-expected, kind="stable")
    cumulated = np.cumsum(expected[order]) - expected[order]
    found = np.zeros(len(expected), dtype=int)
    found[order] = np.searchsorted(np.array(CLASS_LIMITS) * expected.sum(), cumulated, "right")
    return found


def negative_binomial_dispersion(expected: FloatArray, actual: FloatArray) -> float | None:
    """Return the dispersion α of a negative binomial around what was expected.

    α of Var = μ + αμ²; ``None`` without a row.

    Maximum likelihood, with the forecasts as means.

    >>> far, near = np.array([0.0, 10.0, 0.0, 10.0]), np.array([4.0, 5.0, 5.0, 6.0])
    >>> alphas = [negative_binomial_dispersion(np.full(4, 5.0), units) for units in (far, near)]
    >>> alphas[0] > alphas[1]
    True
    """
    is_expected = expected > 0
    if not is_expected.any():
        return None
    mean, units = expected[is_expected], np.rint(actual[is_expected])

    def unlikely(log_alpha: float) -> float:
        n = np.exp(-log_alpha)
        return -float(stats.nbinom.logpmf(units, n, n / (n + mean)).sum())

    found = optimize.minimize_scalar(
        unlikely, bounds=(MIN_LOG_DISPERSION, MAX_LOG_DISPERSION), method="bounded"
    )
    return float(np.exp(found.x))


def negative_binomial_quantile(
    expected: FloatArray, alpha: FloatArray | float, probability: FloatArray | float
) -> FloatArray:
    """Return the least number of units that meets demand with a given probability.

    A mean of 1 with α = 1 is geometric: 1 − 2^−(k + 1) of it is k or less.

    >>> negative_binomial_quantile(np.array([1.0, 0.0]), 1.0, 0.9).tolist()
    [3.0, 0.0]
    """
    n = 1 / alpha
    share = n / (n + expected)
    level = np.broadcast_to(np.asarray(probability, dtype=float), expected.shape)
    found = np.array(stats.nbinom.ppf(level - ROUNDING_TOLERANCE, n, share), dtype=float)
    return np.where(expected > 0, found, np.where(np.isnan(level), np.nan, 0.0))


def critical_ratio(price: FloatArray, cost: FloatArray, salvage: float) -> FloatArray:
    """Return the probability with which demand should be met.

    (p − c) / (p − s) with price p, cost c and the value s = salvage · c of an unsold unit: a sale
    that is missed costs p − c, an unsold unit c − s (the newsvendor). NaN where a unit sold brings
    no margin.

    >>> critical_ratio(np.array([10.0, 10.0]), np.array([4.0, 12.0]), 0.5).tolist()
    [0.75, nan]
    """
    gain = price - cost
    is_profitable = gain > 0
    whole = np.where(is_profitable, price - salvage * cost, 1.0)
    return np.where(is_profitable, gain / whole, np.nan)
