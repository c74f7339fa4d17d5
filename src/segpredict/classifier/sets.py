"""Say which segments a customer may be in, so that mostly one of them is true.

Class-conditional (Mondrian) conformal sets: each segment has a threshold of its own,
learned where forecasts were made before the outcome was known.
"""

import numpy as np
import numpy.typing as npt

from segpredict.classifier.lesson import Floats, Ints

ALPHA = 0.1


def thresholds(chances: Floats, labels: Ints, alpha: float = ALPHA) -> Floats:
    """Return the least probability with which each segment enters a set.

    Parameters
    ----------
    chances, labels
        Forecasts made before the outcome, and the outcome.
    alpha
        Share of misses to allow in each segment.

    Notes
    -----
    The k-th smallest probability that those who came to be in the segment had been
    given, k = ⌊α·(n + 1)⌋. With too few of them the segment is in every set. Coverage
    holds if the future is like the past; it is no guarantee.
    """
    lowest = np.zeros(chances.shape[1])
    for code in range(chances.shape[1]):
        given = np.sort(chances[labels == code, code])
        place = int(np.floor(alpha * (len(given) + 1)))
        lowest[code] = given[place - 1] if place else 0.0
    return lowest


def members(chances: Floats, lowest: Floats) -> npt.NDArray[np.bool_]:
    """Return which segments are in each customer's set.

    Notes
    -----
    The likeliest segment is always in: an empty set would help nobody.

    Examples
    --------
    >>> members(np.array([[0.7, 0.3], [0.45, 0.35]]), np.array([0.5, 0.4])).tolist()
    [[True, False], [True, False]]
    """
    likeliest = np.arange(chances.shape[1]) == chances.argmax(axis=1)[:, None]
    return np.asarray((chances >= lowest) | likeliest)
