"""Join groups two by two, nearest first: a tree that can be cut at any number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segpredict.clustering._centres import distances
from segpredict.clustering._clusterer import Clusterer, Clusters, require_points
from segpredict.clustering._landmarks import Landmarks
from segpredict.clustering._points import Floats, Labels, Points
from segpredict.clustering.kmeans import KMeans

Joins = list[tuple[int, int]]


def join(apart: Floats, sizes: Floats, method: str) -> Joins:
    """Return which two groups are joined, step by step, until one is left.

    Parameters
    ----------
    apart
        Distances between the groups, shape (groups, groups).
    sizes
        Rows in each group.
    method
        ``ward`` (least growth of the squared distances within), ``average`` (mean
        distance over all pairs of rows) or ``complete`` (largest distance).

    Returns
    -------
    list of tuple
        The lower number stays, the higher one goes into it.

    Notes
    -----
    Lance-Williams updates. Groups count by their rows, so joining micro-clusters is
    joining their rows, had each stood in its middle.

    References
    ----------
    Lance and Williams (1967); Ward (1963).

    Examples
    --------
    >>> import numpy as np
    >>> places = np.array([[0.0], [1.0], [5.0]])
    >>> join(distances(places, places), np.ones(3), "average")
    [(0, 1), (0, 2)]
    """
    sizes = sizes.astype(np.float64)
    cost = apart.copy()
    if method == "ward":
        cost = apart**2 * np.outer(sizes, sizes) / np.add.outer(sizes, sizes)
    np.fill_diagonal(cost, np.inf)
    joins: Joins = []
    for _ in range(len(sizes) - 1):
        one, other = sorted(divmod(int(cost.argmin()), len(sizes)))
        joined = _updated(cost, sizes, one, other, method)
        cost[one], cost[:, one] = joined, joined
        cost[other], cost[:, other] = np.inf, np.inf
        cost[one, one] = np.inf
        sizes[one] += sizes[other]
        joins.append((one, other))
    return joins


def _updated(cost: Floats, sizes: Floats, one: int, other: int, method: str) -> Floats:
    if method == "complete":
        farthest: Floats = np.maximum(cost[one], cost[other])
        return farthest
    a, b = sizes[one], sizes[other]
    if method == "average":
        mean: Floats = (a * cost[one] + b * cost[other]) / (a + b)
        return mean
    growth = (a + sizes) * cost[one] + (b + sizes) * cost[other]
    ward: Floats = (growth - sizes * cost[one, other]) / (a + b + sizes)
    return ward


def cut(joins: Joins, k: int) -> Labels:
    """Return the group of each leaf when the tree is cut into `k`, from 0 on.

    Examples
    --------
    >>> cut([(0, 1), (0, 2)], 2).tolist()
    [0, 0, 1]
    """
    leaves = len(joins) + 1
    into = np.arange(leaves)
    for one, other in joins[: leaves - k]:
        into[into == other] = one
    _, groups = np.unique(into, return_inverse=True)
    labels: Labels = groups.astype(np.intp)
    return labels


@dataclass(frozen=True)
class Linkage(Clusterer):
    """Hierarchical clustering of micro-clusters; new rows go with the nearest of them.

    Parameters
    ----------
    method
        Of `join`.
    micro
        Micro-clusters that K-means makes of the points before anything is joined.

    Notes
    -----
    The memory of a tree over all rows grows with their square; micro-clusters use all
    rows and lose only what happens within one. A row's group is that of its nearest
    micro-cluster, so that seen and new rows are assigned by one rule.
    """

    rank: ClassVar[int] = 5
    method: str = "ward"
    micro: int = 500

    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        return self.sweep(points, (k,), seed=seed, n_init=n_init)[0]

    def sweep(
        self, points: Points, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, cut from one tree."""
        del n_init  # one start makes good enough micro-clusters
        require_points(points, max(ks))
        return joined(points, self._leaves(points, max(ks), seed), ks, self.method)

    def _leaves(self, points: Points, k: int, seed: int) -> Floats:
        micro = max(self.micro, k)
        if len(points) <= micro:
            return points.matrix
        return KMeans().start(points, micro, seed=seed, n_init=1)


def joined(
    points: Points, leaves: Floats, ks: Sequence[int], method: str
) -> list[Clusters]:
    """Return the points in `k` groups, for each of `ks`, by joining leaves in a tree.

    Parameters
    ----------
    points
        What to group.
    leaves
        Places of the leaves; those to which no point is the nearest are left out.
    ks
        Numbers of groups.
    method
        Of `join`.
    """
    nearest = Landmarks(leaves, np.arange(len(leaves))).assign(points.matrix)
    sizes = np.bincount(nearest, points.weights.astype(np.float64), len(leaves))
    held = sizes > 0
    places = leaves[held]
    joins = join(distances(places, places), sizes[held].astype(np.float64), method)
    return [Clusters.of(points, Landmarks(places, cut(joins, k))) for k in ks]
