"""Say which segments a customer may be in, so that mostly one of them is true.

Class-conditional (Mondrian) conformal sets: each segment has a threshold of its own,
learned where forecasts were made before the outcome was known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segpredict.classifier.lesson import Floats, Ints
from segpredict.classifier.verdict import Trial

ALPHA = 0.1
ORIGINS = 3  # tests that thresholds are learned from, at most


@dataclass(frozen=True, slots=True)
class Coverage:
    """How sets did on the final test, with thresholds of the tests before it.

    Parameters
    ----------
    n
        Customers.
    covered
        Share whose segment was in their set.
    by_class
        The same among those who came to be in each segment; NaN for an empty one.
    size
        Mean number of segments in a set.
    """

    n: int
    covered: float
    by_class: tuple[float, ...]
    size: float


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
    given, k = ⌊α·(n + 1)⌋. With too few of them the segment is in every set.
    """
    lowest = np.zeros(chances.shape[1])
    for code in range(chances.shape[1]):
        given = np.sort(chances[labels == code, code])
        place = int(np.floor(alpha * (len(given) + 1)))
        lowest[code] = given[place - 1] if place else 0.0
    return lowest


def members(chances: Floats, lowest: Floats) -> npt.NDArray[np.bool_]:
    """Return which segments are in each customer's set.

    Examples
    --------
    >>> members(np.array([[0.7, 0.3]]), np.array([0.5, 0.4])).tolist()
    [[True, False]]
    """
    return np.asarray(chances >= lowest)


def coverage(trials: Sequence[Trial], name: str) -> Coverage | None:
    """Return how sets of a forecaster would have done on the final test.

    Parameters
    ----------
    trials
        Tests, oldest first; with fewer than two there is nothing to learn from.
    name
        The forecaster.

    Notes
    -----
    Coverage holds if the future is like the past; it is no guarantee.
    """
    *before, final = trials
    if not before:
        return None
    known = before[-ORIGINS:]
    given = np.concatenate([trial.chances[name] for trial in known])
    lowest = thresholds(given, np.concatenate([trial.labels for trial in known]))
    inside = members(final.chances[name], lowest)
    hit = inside[np.arange(len(final.labels)), final.labels]
    shares = [
        float(hit[final.labels == code].mean())
        if (final.labels == code).any()
        else float("nan")
        for code in range(inside.shape[1])
    ]
    size = float(inside.sum(axis=1).mean())
    return Coverage(len(hit), float(hit.mean()), tuple(shares), size)
