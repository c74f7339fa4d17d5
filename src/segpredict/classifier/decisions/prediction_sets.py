"""Prediction sets: the segments a customer may be in, at a given miss rate.

Class-conditional (Mondrian) conformal sets: each segment has a threshold of its own.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segpredict.core.arrays import FloatArray, IntArray

DEFAULT_ALPHA = 0.1
ADAPTATION_STEP = 0.05


def set_thresholds(
    probabilities: FloatArray, labels: IntArray, alpha: float | FloatArray = DEFAULT_ALPHA
) -> FloatArray:
    """Return the least probability with which each segment enters a set.

    The k-th smallest that was given to customers later in the segment, k = ⌊α·(n + 1)⌋.
    """
    lowest = np.zeros(probabilities.shape[1])
    allowed = np.broadcast_to(alpha, lowest.shape)
    for code in range(probabilities.shape[1]):
        given = np.sort(probabilities[labels == code, code])
        place = int(np.floor(allowed[code] * (len(given) + 1)))
        lowest[code] = given[place - 1] if place else 0.0
    return lowest


def adaptive_miss_rates(
    origins: Sequence[tuple[FloatArray, IntArray]],
    alpha: float = DEFAULT_ALPHA,
    step: float = ADAPTATION_STEP,
) -> FloatArray:
    """Return the share of misses to allow in each segment, corrected by the misses so far.

    Adaptive conformal inference (Gibbs and Candès 2021), segment by segment: from origin to origin
    α' = α' + step · (α − misses), with the thresholds of the origins before; at least α / 10.

    >>> even = (np.full((19, 2), 0.5), np.zeros(19, dtype=np.int64))
    >>> adaptive_miss_rates([even, even]).round(3).tolist()
    [0.105, 0.1]
    """
    allowed = np.full(origins[0][0].shape[1], alpha)
    for place in range(1, len(origins)):
        probabilities, labels = (
            np.concatenate([origin[part] for origin in origins[:place]]) for part in (0, 1)
        )
        given, actual = origins[place]
        inside = set_members(given, set_thresholds(probabilities, labels, allowed))
        for code in np.unique(actual):
            missed = 1 - inside[actual == code, code].mean()
            allowed[code] = max(allowed[code] + step * (alpha - missed), alpha / 10)
    return np.asarray(allowed, dtype=np.float64)


def set_members(probabilities: FloatArray, thresholds: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which segments are in each customer's set; the likeliest always is.

    >>> set_members(np.array([[0.7, 0.3], [0.45, 0.35]]), np.array([0.5, 0.4])).tolist()
    [[True, False], [True, False]]
    """
    likeliest = np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None]
    return np.asarray((probabilities >= thresholds) | likeliest)
