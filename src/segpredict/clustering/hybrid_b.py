"""Hybrid B, bagged clustering: K-means on many bootstrap samples, joined by Ward."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segpredict.clustering._centres import distances
from segpredict.clustering._clusterer import Clusterer, Clusters, require_points
from segpredict.clustering._landmarks import Landmarks
from segpredict.clustering._linkage import cut, join
from segpredict.clustering._points import Points
from segpredict.clustering.kmeans import KMeans


@dataclass(frozen=True)
class HybridB(Clusterer):
    """Bagged clustering: rows go with the nearest of all the bootstraps' centres.

    Parameters
    ----------
    bootstraps
        Samples with replacement.
    base
        Centres that K-means finds in each.
    sample
        Points that the bootstraps draw from; they stand for all.

    References
    ----------
    Leisch (1999), bagged clustering.

    Examples
    --------
    >>> import numpy as np
    >>> points = Points.of(np.array([[0.0], [1.0], [10.0], [11.0]]))
    >>> PART.fit(points, 2, seed=0, n_init=1).assign(points.matrix).tolist()
    [0, 0, 1, 1]
    """

    rank: ClassVar[int] = 8
    bootstraps: int = 50
    base: int = 20
    sample: int = 4_000

    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        return self.sweep(points, (k,), seed=seed, n_init=n_init)[0]

    def sweep(
        self, points: Points, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, from one tree of the centres."""
        del n_init  # the bootstraps are the starts
        require_points(points, max(ks))
        centres = self._centres(points.thin(max(self.sample, *ks)), max(ks), seed)
        places = centres.matrix
        joins = join(
            distances(places, places), centres.weights.astype(np.float64), "ward"
        )
        return [Clusters.of(points, Landmarks(places, cut(joins, k))) for k in ks]

    def _centres(self, points: Points, k: int, seed: int) -> Points:
        rng = np.random.default_rng(seed)
        chances = points.weights / points.rows
        centres = []
        for start in range(self.bootstraps):
            drawn = rng.multinomial(points.rows, chances)
            few = Points(points.grains[drawn > 0], drawn[drawn > 0])
            base = min(max(self.base, k), len(few))
            centres.append(KMeans().start(few, base, seed=seed + start, n_init=1))
        return Points.of(np.concatenate(centres))


PART = HybridB()
