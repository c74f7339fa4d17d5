"""Mini-batch K-means: centres that follow small batches, for data beyond memory."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

from sklearn.cluster import MiniBatchKMeans as BatchKMeans
from sklearn.exceptions import ConvergenceWarning

from segpredict.clustering._clusterer import Clusterer, Clusters, require_points
from segpredict.clustering._points import Points
from segpredict.clustering._threads import one_thread


@dataclass(frozen=True)
class MiniBatch(Clusterer):
    """Mini-batch K-means.

    Parameters
    ----------
    batch
        Points a step.

    Notes
    -----
    For comparison, and for data that do not fit into memory: its groups are a little
    looser than those of K-means.

    References
    ----------
    Sculley (2010).

    Examples
    --------
    >>> import numpy as np
    >>> points = Points.of(np.array([[0.0], [1.0], [10.0], [11.0]]))
    >>> PART.fit(points, 2, seed=0, n_init=3).centres.tolist()
    [[0.5], [10.5]]
    """

    rank: ClassVar[int] = 2
    batch: int = 4096

    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        require_points(points, k)
        batches = BatchKMeans(
            k, batch_size=self.batch, n_init=n_init, random_state=seed
        )
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            batches.fit(points.matrix, sample_weight=points.weights)
        return Clusters.around(points, batches.cluster_centers_)


PART = MiniBatch()
