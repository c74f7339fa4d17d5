"""HDBSCAN: dense regions of differing density."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segpredict.config.fill import Count, Size
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints, limit_to_one_thread
from segpredict.segmentation.algorithms.dbscan import groups_from_density


@dataclass(frozen=True)
class HDBSCANClustering(Clusterer):
    """HDBSCAN on a sample of rows; every other row joins the nearest member.

    It finds the number of groups itself and ignores `k`. The rows that it leaves out join their
    nearest neighbour of a group; `Clusters.noise_share` is their share. After Campello, Moulavi and
    Sander (2013); McInnes and Healy (2017).
    """

    complexity_rank: ClassVar[int] = 7
    is_density_based: ClassVar[bool] = True
    min_group_share: Size = 0.01  # least share of the rows in a group
    min_cluster_size: Count = 50  # least rows of the sample in a group
    min_samples: Count = 5  # neighbours that define the density of a point
    sample_rows: Count = 10_000  # rows

    def fit(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return the dense groups of the points, as many as there are."""
        from sklearn.cluster import HDBSCAN

        del seed, n_init  # deterministic
        require_points(points, k)
        rows = points.sample_rows(self.sample_rows)
        size = max(int(self.min_group_share * len(rows)), self.min_cluster_size)
        size, near = min(size, len(rows) // 2), min(self.min_samples, len(rows))
        tree = HDBSCAN(min_cluster_size=max(size, 2), min_samples=near, copy=True)
        with limit_to_one_thread(), np.errstate(divide="ignore", invalid="ignore"):
            tree.fit(rows)
        return groups_from_density(points, rows, tree.labels_, np.ones(len(rows), np.int64), 0.0)


PART = HDBSCANClustering()
