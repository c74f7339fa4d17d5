"""Principal components, then K-means: for instruments whose columns tell the same."""

from dataclasses import dataclass
from typing import ClassVar

from segpredict.clustering._clusterer import Clusterer, Clusters, require_points
from segpredict.clustering._embedded import Embedded, embed
from segpredict.clustering._pca import principal
from segpredict.clustering._points import Points
from segpredict.clustering.kmeans import KMeans


@dataclass(frozen=True)
class PcaKMeans(Clusterer):
    """K-means on the principal components that keep most of the variance.

    Parameters
    ----------
    kept
        Least share of the variance that the components hold together.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([[0.0, 0.1], [1.0, 0.9], [10.0, 10.1], [11.0, 10.9]])
    >>> points = Points.of(rows)
    >>> PART.fit(points, 2, seed=0, n_init=3).assign(points.matrix).tolist()
    [0, 0, 1, 1]
    """

    rank: ClassVar[int] = 3
    kept: float = 0.9

    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        require_points(points, k)
        layers = (principal(points, self.kept),)
        inner = Points.of(embed(layers, points.matrix), points.weights)
        found = KMeans().fit(inner, k, seed=seed, n_init=n_init)
        return Clusters.of(points, Embedded(layers, found.rule))


PART = PcaKMeans()
