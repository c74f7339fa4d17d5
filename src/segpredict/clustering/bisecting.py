"""Bisecting K-means: cut the loosest group in two until there are enough."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segpredict.clustering._centres import Centres, nearest
from segpredict.clustering._clusterer import Clusterer, Clusters, require_points
from segpredict.clustering._halves import Halves
from segpredict.clustering._points import Floats, Points
from segpredict.clustering.kmeans import KMeans


@dataclass(frozen=True)
class Bisecting(Clusterer):
    """Bisecting K-means; a row goes to the nearer side at each cut.

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
        groups = [points.thin(max(self.sample, k))]
        sides: list[Floats] = []
        leads: list[tuple[int, int]] = []
        for cut in range(k - 1):
            loosest = int(np.argmax([_looseness(group) for group in groups]))
            found = KMeans().fit(groups[loosest], 2, seed=seed, n_init=n_init)
            near, far = _parted(groups[loosest], found.centres)
            groups[loosest] = near
            groups.append(far)
            leads = [
                (cut if a == ~loosest else a, cut if b == ~loosest else b)
                for a, b in leads
            ]
            leads.append((~loosest, ~(cut + 1)))
            sides.append(found.centres)
        if not sides:
            return Clusters.around(points, _middle(points))
        return Clusters.of(points, Halves(np.stack(sides), tuple(leads)))


def _looseness(group: Points) -> float:
    """Return the squared distances to the middle; of one place alone, less than any."""
    if len(group) < 2:
        return -1.0
    return Clusters.of(group, Centres(_middle(group))).inertia


def _middle(group: Points) -> Floats:
    return group.means(np.zeros(len(group), np.intp), group.matrix[:1])


def _parted(group: Points, centres: Floats) -> tuple[Points, Points]:
    side = nearest(group.matrix, centres)
    near, far = (
        Points(group.grains[side == s], group.weights[side == s]) for s in (0, 1)
    )
    return near, far


PART = Bisecting()
