"""Stability of groups over resampled customers, random seeds and halves.

All numbers of groups of one algorithm are refitted together, so that it can share work
between them; each stops when its result is decided.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.segmentation.algorithms import Clusters, WeightedPoints
from segpredict.segmentation.selection.agreement import (
    adjusted_rand_index,
    best_match_jaccard,
    contingency_table,
    prediction_strength_of_table,
)

FitFunction = Callable[[WeightedPoints, Sequence[int]], Mapping[int, Clusters]]
# Standard errors from a gate beyond which more draws cannot change the result.
DECISIVE_Z = 3.0


@dataclass(slots=True)
class StabilityDraws:
    """The draws of one number of groups so far."""

    # adjusted Rand index, or prediction strength, of each draw
    rand_indices: list[float] = field(default_factory=list)
    # jaccard of each group, of each draw
    jaccard_draws: list[FloatArray] = field(default_factory=list)

    @property
    def mean_rand_index(self) -> float:
        """The mean over the draws."""
        return float(np.mean(self.rand_indices))

    @property
    def standard_error(self) -> float:
        """The standard error of the mean."""
        return standard_error(self.rand_indices)

    @property
    def mean_jaccards(self) -> tuple[float, ...]:
        """The mean Jaccard of each group."""
        return tuple(np.mean(self.jaccard_draws, axis=0).tolist())

    def add_draw(self, labels: IndexArray, again: IndexArray, sample: WeightedPoints) -> None:
        """Add one draw."""
        table = contingency_table(labels, again, sample.weights)
        self.rand_indices.append(adjusted_rand_index(table))
        self.jaccard_draws.append(best_match_jaccard(table))

    def is_hopeless(self, *, min_ari: float, min_jaccard: float) -> bool:
        """Whether more draws cannot lift it over both thresholds."""
        worst = np.stack(self.jaccard_draws)[:, int(np.argmin(self.mean_jaccards))]
        return is_hopeless(self.rand_indices, min_ari) or is_hopeless(worst.tolist(), min_jaccard)


def refit_stability(
    refits: Sequence[Callable[[Sequence[int]], Mapping[int, Clusters]]],
    sample: WeightedPoints,
    labels: Mapping[int, IndexArray],
    limits: Mapping[int, int],
    is_decided: Callable[[int, StabilityDraws], bool],
) -> dict[int, StabilityDraws]:
    """Return how well refits, whose frozen rules assign all rows of the sample, recover groups."""
    draws_by_k = {k: StabilityDraws() for k in labels}
    for draw, refit in enumerate(refits):
        undecided = [
            k for k, drawn in draws_by_k.items() if draw < limits[k] and not is_decided(draw, drawn)
        ]
        for k, rule in refit(undecided).items():
            draws_by_k[k].add_draw(labels[k], rule.assign(sample.matrix), sample)
    return draws_by_k


def prediction_strength(
    fits: FitFunction,
    halves: Sequence[tuple[WeightedPoints, WeightedPoints]],
    limits: Mapping[int, int],
) -> dict[int, list[float]]:
    """Return the prediction strength of each split, mean of both directions."""
    found: dict[int, list[float]] = {k: [] for k in limits}
    for split, (left, right) in enumerate(halves):
        undecided = [k for k, limit in limits.items() if split < limit]
        first, second = fits(left, undecided), fits(right, undecided)
        for k in first.keys() & second.keys():
            one = _strength(left, own=first[k], other=second[k])
            two = _strength(right, own=second[k], other=first[k])
            found[k].append((one + two) / 2)
    return found


def _strength(half: WeightedPoints, *, own: Clusters, other: Clusters) -> float:
    coordinates = half.matrix
    table = contingency_table(own.assign(coordinates), other.assign(coordinates), half.weights)
    return prediction_strength_of_table(table)


def standard_error(draws: Sequence[float]) -> float:
    """Return the standard error of a mean of draws; 0 for one."""
    if len(draws) < 2:
        return 0.0
    return float(np.std(draws, ddof=1)) / math.sqrt(len(draws))


def is_hopeless(draws: Sequence[float], gates: float) -> bool:
    """Whether the mean lies so far below a threshold that more draws cannot lift it."""
    return float(np.mean(draws)) + DECISIVE_Z * standard_error(draws) < gates


def is_decided(draws: Sequence[float], gates: float) -> bool:
    """Whether more draws cannot change on which side of a threshold the mean lies."""
    return abs(float(np.mean(draws)) - gates) > DECISIVE_Z * standard_error(draws)
