"""Bisecting K-means: cut the loosest group in two until there are enough."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

from sklearn.cluster import BisectingKMeans
from sklearn.exceptions import ConvergenceWarning

from segpredict.clustering._centres import Centres
from segpredict.clustering._clusterer import (
    Clusterer,
    Clusters,
    agreement,
    require_points,
)
from segpredict.clustering._points import Points
from segpredict.clustering._threads import one_thread


@dataclass(frozen=True)
class Bisecting(Clusterer):
    """Bisecting K-means; a row goes to the nearest of the centres that are left.

    Parameters
    ----------
    sample
        Points to cut; they stand for all.

    References
    ----------
    Steinbach, Karypis and Kumar (2000).

    Examples
    --------
    >>> import numpy as np
    >>> points = Points.of(np.array([[0.0], [1.0], [10.0], [11.0]]))
    >>> PART.fit(points, 2, seed=0, n_init=3).centres.tolist()
    [[0.5], [10.5]]
    """

    rank: ClassVar[int] = 2
    sample: int = 20_000

    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        require_points(points, k)
        few = points.thin(max(self.sample, k))
        halving = BisectingKMeans(k, n_init=n_init, random_state=seed)
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            halving.fit(few.matrix, sample_weight=few.weights)
        rule = Centres(halving.cluster_centers_)
        alike = agreement(rule, few.matrix, halving.labels_, few.weights)
        return Clusters.of(points, rule, facts={"agreement": alike})


PART = Bisecting()
