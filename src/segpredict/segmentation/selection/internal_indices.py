"""Validity indices of one grouping: the internal ones describe and never decide."""

from dataclasses import dataclass

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.segmentation.algorithms import WeightedPoints, euclidean_distances
from segpredict.segmentation.selection.choose_k import mean_silhouette

ROWS_PER_FOLD = 800  # rows whose pairwise distances are computed at once
MAX_FOLDS = 5
MAX_DEPTH, MAX_LEAVES = 3, 8  # of the tree that describes the groups


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
