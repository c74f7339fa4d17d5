"""Ward's hierarchical clustering: join the pair that increases the variance least."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segpredict.config.fill import Count
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.segmentation.algorithms._assignment_rule import (
    NearestLandmarks,
    euclidean_distances,
)
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints
from segpredict.segmentation.algorithms.kmeans import KMeansClustering


@dataclass(frozen=True)
class Ward(Clusterer):
    """Ward's tree of micro-clusters; new rows join the nearest of them.

    The memory of a tree over all rows grows with their square; micro-clusters use all rows and lose
    only the differences within one. A row's group is that of its nearest micro-cluster, so that
    seen and new rows are assigned by one rule.
    """

    complexity_rank: ClassVar[int] = 5
    # micro-clusters that K-means makes of the points before anything is joined
    micro: Count = 500

    def fit_many(
        self, points: WeightedPoints, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, cut from one tree."""
        del n_init  # one start makes good enough micro-clusters
        require_points(points, max(ks))
        micro = max(self.micro, *ks)
        leaves = points.matrix
        if len(points) > micro:
            leaves = KMeansClustering().best_start(points, micro, seed=seed, n_init=1)
        nearest = NearestLandmarks(leaves, np.arange(len(leaves))).assign(points.matrix)
        sizes = np.asarray(np.bincount(nearest, points.weights, len(leaves)), np.float64)
        centres, sizes = leaves[sizes > 0], sizes[sizes > 0]
        joins = ward_joins(euclidean_distances(centres, centres), sizes)
        rules = (NearestLandmarks(centres, cut_tree(joins, k)) for k in ks)
        return [Clusters.from_rule(points, rule) for rule in rules]


def ward_joins(distances: FloatArray, sizes: FloatArray) -> list[tuple[int, int]]:
    """Return which two groups are joined, step by step, until one is left.

    The lower number remains, the higher one is merged into it. Lance-Williams updates of the growth
    of the squared distances within. Groups count by their rows, so joining micro-clusters equals
    joining their rows, each moved to the centre of its micro-cluster. After Lance and Williams
    (1967); Ward (1963).
    """
    sizes = sizes.astype(np.float64)
    cost = distances**2 * np.outer(sizes, sizes) / np.add.outer(sizes, sizes)
    np.fill_diagonal(cost, np.inf)
    joins = []
    for _ in range(len(sizes) - 1):
        one, other = sorted(divmod(int(cost.argmin()), len(sizes)))
        a, b = sizes[one], sizes[other]
        growth = (a + sizes) * cost[one] + (b + sizes) * cost[other]
        merged = (growth - sizes * cost[one, other]) / (a + b + sizes)
        cost[one], cost[:, one] = merged, merged
        cost[other], cost[:, other] = np.inf, np.inf
        cost[one, one] = np.inf
        sizes[one] += sizes[other]
        joins.append((one, other))
    return joins


def cut_tree(joins: Sequence[tuple[int, int]], k: int) -> IndexArray:
    """Return the group of each leaf when the tree is cut into `k`, from 0 on."""
    leaves = len(joins) + 1
    groups_of_leaves = np.arange(leaves)
    for one, other in joins[: leaves - k]:
        groups_of_leaves[groups_of_leaves == other] = one
    return np.unique(groups_of_leaves, return_inverse=True)[1].astype(np.intp)


PART = Ward()
