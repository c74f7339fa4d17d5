"""Stability of groups over resampled customers, seeds and halves; all numbers refit together."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from segpredict.core.arrays import FloatArray, IndexArray, IntArray
from segpredict.segmentation.algorithms import Clusters, WeightedPoints

FitFunction = Callable[[WeightedPoints, Sequence[int]], Mapping[int, Clusters]]
# Standard errors from a gate beyond which more draws cannot change the result.
DECISIVE_Z = 3.0


def contingency_table(
    first: IndexArray, second: IndexArray, weights: IntArray | FloatArray, *, groups: int = 0
) -> FloatArray:
    """Return how many rows lie in each pair of groups, first × second.

    The first has at least as many as `groups`, though some may be empty.
    """
    shape = max(int(first.max(initial=0)) + 1, groups), int(second.max(initial=0)) + 1
    pairs = np.bincount(first * shape[1] + second, weights, shape[0] * shape[1])
    return np.asarray(pairs.reshape(shape), np.float64)


def rand_index(
    first: IndexArray, second: IndexArray, weights: IntArray | FloatArray | None = None
) -> float:
    """Return the adjusted Rand index of two groupings of the same rows."""
    ones = np.ones(len(first)) if weights is None else weights
    return adjusted_rand_index(contingency_table(first, second, ones))


def adjusted_rand_index(table: FloatArray) -> float:
    """Return the adjusted Rand index of a contingency table of rows.

    Pairs of rows that both groupings put together, beyond what chance would, as a share of the most
    there could be beyond chance. 1 for equal groupings, about 0 for unrelated ones. A row of weight
    w counts as w rows. After Hubert and Arabie (1985).
    """
    both = _pairs(table).sum()
    first, second = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    chance = first * second / max(float(_pairs(table.sum())), 1.0)
    maximum = (first + second) / 2
    return float((both - chance) / (maximum - chance)) if maximum != chance else 1.0


def best_match_jaccard(table: FloatArray) -> FloatArray:
    """Return, for each group of the first, its Jaccard index with the best match of the second.

    Jaccard: rows in both, over rows in either. Below .6 a group has dissolved, from .75 on it is
    valid, from .85 on highly stable (Hennig). After Hennig (2007), Cluster-wise assessment of
    cluster stability.
    """
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0) - table
    shared = np.divide(table, union, out=np.zeros_like(table), where=union > 0)
    return np.asarray(shared.max(axis=1), np.float64)


def prediction_strength_of_table(table: FloatArray) -> float:
    """Return the prediction strength of a table: own groups × predicted groups.

    For the worst of the own groups, the share of its pairs of rows that the rule of the other half
    also puts together. Groups of one row are skipped. After Tibshirani and Walther (2005).
    """
    own = _pairs(table.sum(axis=1))
    predicted = _pairs(table).sum(axis=1)[own > 0] / own[own > 0]
    return float(predicted.min()) if len(predicted) else 1.0


def _pairs(counts: FloatArray) -> FloatArray:
    return np.asarray(counts * (counts - 1) / 2, np.float64)


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
