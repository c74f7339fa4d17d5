"""Ask whether groups come back with other customers, another seed, another half.

All numbers of groups of one algorithm go through the resamples together, so that it can
share work between them; each leaves the race when its verdict is clear.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from segpredict.clustering import Clusters, Floats, Labels, Points
from segpredict.criteria.agreement import contingency, jaccards, rand, strength

Fits = Callable[[Points, Sequence[int]], Mapping[int, Clusters]]
# Standard errors from a gate after which more draws cannot change its verdict.
SURE = 3.0


@dataclass(slots=True)
class Tally:
    """The draws of one number of groups so far.

    Parameters
    ----------
    rands
        Adjusted Rand index, or prediction strength, of each draw.
    likes
        Jaccard of each group, of each draw.
    """

    rands: list[float] = field(default_factory=list)
    likes: list[Floats] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """The mean over the draws."""
        return float(np.mean(self.rands))

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return error(self.rands)

    @property
    def jaccards(self) -> tuple[float, ...]:
        """The mean Jaccard of each group."""
        return tuple(np.mean(self.likes, axis=0).tolist())

    def add(self, labels: Labels, again: Labels, sample: Points) -> None:
        """Count one more draw."""
        table = contingency(labels, again, sample.weights)
        self.rands.append(rand(table))
        self.likes.append(jaccards(table))

    def is_missed(self, *, min_ari: float, min_jaccard: float) -> bool:
        """Whether more draws cannot lift it over both bars."""
        worst = np.stack(self.likes)[:, int(np.argmin(self.jaccards))]
        return is_missed(self.rands, min_ari) or is_missed(worst.tolist(), min_jaccard)


def bootstrapped(
    fits: Fits,
    sample: Points,
    labels: Mapping[int, Labels],
    resamples: Sequence[Points],
    limits: Mapping[int, int],
    is_over: Callable[[Tally], bool],
) -> dict[int, Tally]:
    """Return how well groups come back when customers are drawn anew.

    Notes
    -----
    Each refit starts from nothing, and its frozen rule is put to all rows of the
    sample; a refit that starts from the candidate's own centres would flatter it.
    """
    tallies = {k: Tally() for k in labels}
    matrix = sample.matrix
    for draw, drawn in enumerate(resamples):
        racing = [k for k in labels if draw < limits[k] and not is_over(tallies[k])]
        for k, rule in fits(drawn, racing).items():
            tallies[k].add(labels[k], rule.assign(matrix), sample)
    return tallies


def foretold(
    fits: Fits, halves: Sequence[tuple[Points, Points]], limits: Mapping[int, int]
) -> dict[int, list[float]]:
    """Return the prediction strength of each halving, mean of both directions."""
    found: dict[int, list[float]] = {k: [] for k in limits}
    for split, (left, right) in enumerate(halves):
        racing = [k for k, limit in limits.items() if split < limit]
        first, second = fits(left, racing), fits(right, racing)
        for k in first.keys() & second.keys():
            one = _strength(left, own=first[k], other=second[k])
            two = _strength(right, own=second[k], other=first[k])
            found[k].append((one + two) / 2)
    return found


def _strength(half: Points, *, own: Clusters, other: Clusters) -> float:
    places = half.matrix
    table = contingency(own.assign(places), other.assign(places), half.weights)
    return strength(table)


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
