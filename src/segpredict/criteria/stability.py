"""Do the groups come back with other customers, another seed, another half?"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.clustering import Clusters, Labels, Points
from segpredict.criteria.agreement import contingency, jaccards, rand, strength

Fit = Callable[[Points], Clusters]
SURE = 3.0  # standard errors from a gate after which more draws cannot change its verdict


@dataclass(frozen=True, slots=True)
class Returns:
    """How well groups came back over bootstrap draws.

    Parameters
    ----------
    rand, error
        Mean adjusted Rand index, and the standard error of that mean.
    jaccards
        Mean Jaccard of each group.
    draws
        How many draws.
    """

    rand: float
    error: float
    jaccards: tuple[float, ...]
    draws: int


def bootstrapped(
    fit: Fit,
    sample: Points,
    labels: Labels,
    resamples: Sequence[Points],
    *,
    least: int,
    bars: tuple[float, float],
) -> Returns:
    """Return how well groups come back when customers are drawn anew.

    Parameters
    ----------
    fit
        Makes groups of points.
    sample, labels
        The rows, and the group of each distinct point in the candidate itself.
    resamples
        Bootstrap samples of the rows, the same for all candidates.
    least
        Draws before it may stop.
    bars
        Least Rand index and Jaccard; it stops when one is clearly missed.

    Notes
    -----
    Each refit starts from nothing and its frozen rule is put to all rows of the sample;
    a refit that starts from the candidate's own centres would flatter it.
    """
    rands: list[float] = []
    likes: list[Labels] = []
    for drawn in resamples:
        again = fit(drawn).assign(sample.matrix)
        table = contingency(labels, again, sample.weights)
        rands.append(rand(table))
        likes.append(jaccards(table))
        worst = np.stack(likes)[:, int(np.mean(likes, axis=0).argmin())]
        if len(rands) >= least and (
            is_missed(rands, bars[0]) or is_missed(worst.tolist(), bars[1])
        ):
            break
    means = np.mean(likes, axis=0)
    return Returns(
        float(np.mean(rands)), error(rands), tuple(means.tolist()), len(rands)
    )


def foretold(fit: Fit, halves: tuple[Points, Points]) -> float:
    """Return the prediction strength of one halving, mean of both directions."""
    rules = [fit(half) for half in halves]
    found = []
    for own, other, half in zip(rules, rules[::-1], halves, strict=True):
        places = half.matrix
        labels = own.assign(places), other.assign(places)
        found.append(strength(contingency(*labels, half.weights)))
    return (found[0] + found[1]) / 2


def error(draws: Sequence[float]) -> float:
    """Return the standard error of a mean of draws; 0 for one."""
    if len(draws) < 2:
        return 0.0
    return float(np.std(draws, ddof=1)) / math.sqrt(len(draws))


def is_missed(draws: Sequence[float], bar: float) -> bool:
    """Whether the mean lies so far below a bar that more draws cannot lift it."""
    return float(np.mean(draws)) + SURE * error(draws) < bar


def is_clear(draws: Sequence[float], bar: float) -> bool:
    """Whether more draws cannot change on which side of a bar the mean lies."""
    return abs(float(np.mean(draws)) - bar) > SURE * error(draws)
