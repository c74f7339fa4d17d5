"""Significance tests of differences between models."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from segpredict.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class McNemarTest:
    """Customers on whom only one of two models was right, on the final test."""

    baseline: str  # the baseline compared with
    # customers whose segment only one of the two named as the likeliest
    only_model: int
    only_baseline: int
    # exact two-sided p-value, and adjusted over all baselines
    p_value: float
    p_value_holm: float


def holm_adjust(values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for the number of comparisons (Holm 1979).

    The smallest of m is multiplied by m, the next by m − 1 and so on; none falls below one before
    it.

    >>> holm_adjust({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    rising = sorted(values, key=lambda name: (values[name], name))
    adjusted, floor = {}, 0.0
    for passed, name in enumerate(rising):
        floor = min(1.0, max(floor, values[name] * (len(rising) - passed)))
        adjusted[name] = floor
    return {name: adjusted[name] for name in values}


def two_sided_p_value(value: float, spread: FloatArray) -> float:
    """Return the p-value of a difference, 2·Φ(−|value| / s) with s its deviation over draws.

    >>> round(two_sided_p_value(1.96, np.array([0.96, 2.96])), 3)
    0.166
    """
    noise = float(np.std(spread, ddof=1)) if len(spread) > 1 else 0.0
    if noise == 0:
        return 1.0 if value == 0 else 0.0
    return float(2 * ndtr(-abs(value) / noise))


def mcnemar_tests(
    probabilities: Mapping[str, FloatArray], labels: IntArray
) -> tuple[McNemarTest, ...]:
    """Return McNemar's exact test of the first forecaster against each other one."""
    hits = {name: given.argmax(axis=1) == labels for name, given in probabilities.items()}
    model, *others = hits
    won = {name: int((hits[model] & ~hits[name]).sum()) for name in others}
    lost = {name: int((hits[name] & ~hits[model]).sum()) for name in others}
    plain = {name: _exact(won[name], lost[name]) for name in others}
    adjusted = holm_adjust(plain)
    return tuple(
        McNemarTest(name, won[name], lost[name], plain[name], adjusted[name]) for name in others
    )


def _exact(won: int, lost: int) -> float:
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
