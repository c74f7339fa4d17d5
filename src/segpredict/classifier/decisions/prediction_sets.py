"""Prediction sets: the segments a customer may be in, at a given miss rate.

Class-conditional (Mondrian) conformal sets: each segment has a threshold of its own.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from segpredict.core.arrays import FloatArray, IntArray

DEFAULT_ALPHA = 0.1
MIN_WINDOW_CUSTOMERS = 50  # customers of a segment that a window's own threshold needs


def set_thresholds(
    probabilities: FloatArray, labels: IntArray, alpha: float = DEFAULT_ALPHA
) -> FloatArray:
    """Return the least probability with which each segment enters a set.

    The k-th smallest that was given to customers later in the segment, k = ⌊α·(n + 1)⌋.
    """
    lowest = np.zeros(probabilities.shape[1])
    for code in range(probabilities.shape[1]):
        given = np.sort(probabilities[labels == code, code])
        place = int(np.floor(alpha * (len(given) + 1)))
        lowest[code] = given[place - 1] if place else 0.0
    return lowest


def lowest_thresholds(
    windows: Sequence[tuple[FloatArray, IntArray]], alpha: float = DEFAULT_ALPHA
) -> FloatArray:
    """Return the lowest thresholds of several windows: sets that would have held in each of them.

    Conformal sets promise coverage where the next window is like the ones before, which a change of
    season breaks. So a segment's threshold is that of the window in which it had to be lowest; a
    window with few customers in the segment does not count beside the pooled threshold.

    >>> easy = (np.array([[0.9, 0.1]] * 99), np.zeros(99, dtype=np.int64))
    >>> hard = (np.array([[0.4, 0.6]] * 99), np.zeros(99, dtype=np.int64))
    >>> lowest_thresholds([easy, hard]).tolist()
    [0.4, 0.0]
    """
    given, actual = zip(*windows, strict=True)
    lowest = set_thresholds(np.concatenate(given), np.concatenate(actual), alpha)
    for probabilities, labels in windows:
        counts = np.bincount(labels, minlength=len(lowest))
        own = set_thresholds(probabilities, labels, alpha)
        lowest = np.where(counts >= MIN_WINDOW_CUSTOMERS, np.minimum(lowest, own), lowest)
    return lowest


def set_members(probabilities: FloatArray, thresholds: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which segments are in each customer's set; the likeliest always is.

    >>> set_members(np.array([[0.7, 0.3], [0.45, 0.35]]), np.array([0.5, 0.4])).tolist()
    [[True, False], [True, False]]
    """
    likeliest = np.arange(probabilities.shape[1]) == probabilities.argmax(axis=1)[:, None]
    return np.asarray((probabilities >= thresholds) | likeliest)
