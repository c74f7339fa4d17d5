"""Validity indices of one grouping: the internal ones describe and never decide."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree
from sklearn.tree import DecisionTreeClassifier

from segpredict.core.arrays import FloatArray, IndexArray, IntArray
from segpredict.segmentation.algorithms import WeightedPoints, euclidean_distances
from segpredict.segmentation.selection.choose_k import mean_silhouette

ROWS_PER_FOLD = 800  # rows whose pairwise distances are computed at once
MAX_FOLDS = 5
MAX_DEPTH, MAX_LEAVES = 3, 8  # of the tree that describes the groups


def mean_inertia(points: WeightedPoints, labels: IndexArray) -> float:
    """Return the mean squared distance of a row to the mean of its group."""
    return _within(points, labels) / points.n_rows


def calinski_harabasz(points: WeightedPoints, labels: IndexArray) -> float | None:
    """Return the ratio of spread between groups to spread within; ``None`` for one.

    After Caliński and Harabasz (1974).
    """
    k, rows = len(np.unique(labels)), points.n_rows
    within = _within(points, labels)
    if k < 2 or rows <= k or within == 0:
        return None
    between = _within(points, np.zeros_like(labels)) - within
    return between / (k - 1) / (within / (rows - k))


def davies_bouldin(points: WeightedPoints, labels: IndexArray) -> float | None:
    """Return the mean similarity of a group to its most similar one; low is good.

    After Davies and Bouldin (1979).
    """
    centres, size, codes = _centres(points, labels)
    if len(centres) < 2:
        return None
    to_centre = np.sqrt(((points.matrix - centres[codes]) ** 2).sum(axis=1))
    spread = np.bincount(codes, to_centre * points.weights) / size
    distances = euclidean_distances(centres, centres)
    np.fill_diagonal(distances, np.inf)
    nearest = (spread[:, None] + spread) / np.maximum(distances, 1e-12)
    return float(nearest.max(axis=1).mean())


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

    def mean_silhouette(self, labels: list[IndexArray]) -> tuple[float, float | None]:
        """Return mean and standard deviation of the samples' mean silhouettes.

        After Rousseeuw (1987).
        """
        folds = zip(self.row_folds, labels, strict=True)
        means = [mean_silhouette(distances, np.ones(len(own)), own) for distances, own in folds]
        spread = float(np.std(means, ddof=1)) if len(means) > 1 else None
        return float(np.mean(means)), spread


def _centres(points: WeightedPoints, labels: IndexArray) -> tuple[FloatArray, IntArray, IndexArray]:
    """Return the mean and the rows of each group, and the group of each point, from 0 on."""
    _, codes = np.unique(labels, return_inverse=True)
    size = np.bincount(codes, points.weights).astype(np.int64)
    nothing = np.zeros((len(size), points.integer_coordinates.shape[1]))
    return points.group_means(codes, nothing), size, codes


def _within(points: WeightedPoints, labels: IndexArray) -> float:
    centres, _, codes = _centres(points, labels)
    squares = ((points.matrix - centres[codes]) ** 2).sum(axis=1)
    return float((squares * points.weights).sum())


def dbcv_index(matrix: FloatArray, labels: IndexArray) -> float | None:
    """Return the density-based validity of groups of distinct points, in [−1, 1].

    Per group: (separation − sparseness) / max of both, weighted by size. Sparseness is the longest
    inner edge of the group's spanning tree in mutual reachability, separation the least mutual
    reachability to inner points of another group. Only a criterion for density methods: it is not
    for round groups that touch. After Moulavi, Jaskowiak, Campello, Zimek and Sander (2014).
    """
    groups = [np.flatnonzero(labels == g) for g in np.unique(labels)]
    groups = [group for group in groups if len(group) > 1]
    if len(groups) < 2:
        return None
    cores = [_core(matrix[group]) for group in groups]
    trees = [_tree(matrix[g], core) for g, core in zip(groups, cores, strict=True)]
    inner = [group[tree[1]] for group, tree in zip(groups, trees, strict=True)]
    core_distances = [core[tree[1]] for core, tree in zip(cores, trees, strict=True)]
    total = 0.0
    for i, group in enumerate(groups):
        separation = min(
            _reach(matrix[inner[i]], core_distances[i], matrix[inner[j]], core_distances[j]).min()
            for j in range(len(groups))
            if j != i
        )
        sparseness = trees[i][0]
        validity = (separation - sparseness) / max(separation, sparseness)
        total += len(group) / len(labels) * validity
    return float(total)


def _core(members: FloatArray) -> FloatArray:
    """Return the all-points core distance of each member of one group."""
    distances = euclidean_distances(members, members)
    np.fill_diagonal(distances, np.inf)
    near = (1.0 / distances) ** members.shape[1]
    mean = near.sum(axis=1) / (len(members) - 1)
    return np.asarray(mean ** (-1.0 / members.shape[1]), np.float64)


def _reach(first: FloatArray, own: FloatArray, second: FloatArray, other: FloatArray) -> FloatArray:
    bound = np.maximum(own[:, None], other)
    return np.asarray(np.maximum(euclidean_distances(first, second), bound), np.float64)


def _tree(members: FloatArray, core: FloatArray) -> tuple[float, IndexArray]:
    """Return the longest inner edge of the spanning tree, and its inner points."""
    edges = minimum_spanning_tree(_reach(members, core, members, core)).tocoo()
    degree = np.bincount(np.concatenate([edges.row, edges.col]), minlength=len(members))
    inner = np.flatnonzero(degree > 1)
    is_inner = np.isin(edges.row, inner) & np.isin(edges.col, inner)
    if not len(inner):
        inner = np.array([0])
    lengths = edges.data[is_inner] if is_inner.any() else edges.data
    return float(lengths.max()), inner


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

    Parameters
    ----------
    values
        One a row, such as log1p of the next window's revenue.
    labels
        The group of each row.
    customers
        The customer of each row, from 0 on; rows of one customer are not independent.

    Notes
    -----
    η² = 1 − (spread within groups) / (spread of all). The error is that of a ratio of
    means (its influence function), summed by customer.

    Examples
    --------
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
