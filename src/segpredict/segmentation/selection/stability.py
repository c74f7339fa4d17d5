"""Stability of groups over resampled customers, seeds and halves; all numbers refit together.

Validity indices of one grouping stand at the end: they describe and never decide.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from segpredict.core.arrays import FloatArray, IndexArray, IntArray
from segpredict.segmentation.algorithms import Clusters, WeightedPoints, euclidean_distances
from segpredict.segmentation.selection.choose_k import mean_silhouette

ROWS_PER_FOLD = 800  # rows whose pairwise distances are computed at once
MAX_FOLDS = 5
MAX_DEPTH, MAX_LEAVES = 3, 8  # of the tree that describes the groups

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


def mean_inertia(points: WeightedPoints, labels: IndexArray) -> float:
    """Return the mean squared distance of a row to the mean of its group."""
    _, codes = np.unique(labels, return_inverse=True)
    nothing = np.zeros((int(codes.max()) + 1, points.matrix.shape[1]))
    centres = points.group_means(codes, nothing)
    squares = ((points.matrix - centres[codes]) ** 2).sum(axis=1)
    return float((squares * points.weights).sum()) / points.n_rows


@dataclass(frozen=True, slots=True, eq=False)
class SilhouetteFolds:
    """Samples of the rows with all their distances, computed once for all candidates."""

    distance_matrices: tuple[FloatArray, ...]  # each sample's rows
    row_folds: tuple[FloatArray, ...]  # each sample's distances, rows × rows

    @classmethod
    def from_sample(cls, sample: WeightedPoints, folds: int = MAX_FOLDS) -> "SilhouetteFolds":
        """Return systematic samples that share no row, each spread over all rows."""
        rows = np.repeat(sample.matrix, sample.weights, axis=0)
        step = max(1, -(-len(rows) // ROWS_PER_FOLD))
        parts = tuple(rows[i::step] for i in range(min(step, folds)))
        return cls(parts, tuple(euclidean_distances(part, part) for part in parts))

    def mean_silhouette(self, labels: list[IndexArray]) -> float:
        """Return the mean of the samples' mean silhouettes (Rousseeuw 1987)."""
        folds = zip(self.row_folds, labels, strict=True)
        means = [mean_silhouette(distances, np.ones(len(own)), own) for distances, own in folds]
        return float(np.mean(means))


def tree_describability(points: WeightedPoints, labels: IndexArray) -> float:
    """Return the balanced accuracy of a tree of depth 3 and at most 8 leaves.

    Balanced accuracy is the mean share of each group's rows that the tree finds, so that a small
    group counts as much as a large one. Measured on the rows it was grown on: eight leaves cannot
    memorise thousands of rows.
    """
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(
        max_depth=MAX_DEPTH, max_leaf_nodes=MAX_LEAVES, class_weight="balanced", random_state=0
    )
    tree.fit(points.matrix, labels, sample_weight=points.weights)
    found = (tree.predict(points.matrix) == labels) * points.weights
    size = np.bincount(labels, points.weights)
    return float((np.bincount(labels, found)[size > 0] / size[size > 0]).mean())


def eta_squared(
    values: FloatArray, labels: IndexArray, customers: IndexArray
) -> tuple[float, float]:
    """Return η² of the values by group, and its standard error.

    η² = 1 − (spread within groups) / (spread of all). The error is that of a ratio of means (its
    influence function), summed by customer.

    >>> spent = np.array([1.0, 1.0, 3.0, 3.0])
    >>> eta_squared(spent, np.array([0, 0, 1, 1]), np.arange(4))
    (1.0, 0.0)
    """
    total = (values - values.mean()) ** 2
    if not total.sum():
        return 0.0, 0.0
    size = np.maximum(np.bincount(labels), 1)
    within = (values - (np.bincount(labels, values) / size)[labels]) ** 2
    ratio = within.mean() / total.mean()
    influence = np.bincount(customers, (within - ratio * total) / total.mean())
    error = np.sqrt((influence**2).sum()) / len(values)
    return float(1 - ratio), float(error)
