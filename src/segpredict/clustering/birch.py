"""BIRCH: a tree of small balls in one pass, joined by Ward."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.cluster import Birch as BallTree

from segpredict.clustering._clusterer import Clusterer, Clusters, require_points
from segpredict.clustering._linkage import joined
from segpredict.clustering._points import Floats, Points
from segpredict.clustering._threads import one_thread

FINER = 8  # times the radius is halved while balls are fewer than groups


@dataclass(frozen=True)
class Birch(Clusterer):
    """BIRCH with Ward on its balls, which count by their rows.

    Parameters
    ----------
    threshold
        Largest radius of a ball, in standard deviations; halved while there are fewer
        balls than groups, widened by half while there are more than `most`.
    most
        Balls that Ward can join in good time.
    sample
        Rows that grow the tree.

    Notes
    -----
    The tree depends on the order in which rows come. Here they come in an order drawn
    from the sorted points, so that the order of the input is no matter.

    References
    ----------
    Zhang, Ramakrishnan and Livny (1996).

    Examples
    --------
    >>> import numpy as np
    >>> points = Points.of(np.array([[0.0], [0.1], [10.0], [10.1]]))
    >>> PART.fit(points, 2, seed=0, n_init=1).centres.round(6).tolist()
    [[0.05], [10.05]]
    """

    rank: ClassVar[int] = 6
    threshold: float = 0.3
    most: int = 800
    sample: int = 20_000

    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        return self.sweep(points, (k,), seed=seed, n_init=n_init)[0]

    def sweep(
        self, points: Points, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, from one tree of balls."""
        del n_init  # one pass, no starts
        require_points(points, max(ks))
        balls = self._balls(points, max(ks), seed)
        return joined(points, balls, ks, "ward")

    def _balls(self, points: Points, k: int, seed: int) -> Floats:
        rows = points.spread(self.sample)
        rows = rows[np.random.default_rng(seed).permutation(len(rows))]
        radius = self.threshold
        balls = _grown(rows, radius)
        for _ in range(FINER):
            if len(balls) >= k:
                break
            radius /= 2
            balls = _grown(rows, radius)
        while len(balls) > max(self.most, k):
            radius *= 1.5
            balls = _grown(balls, radius)
        return balls if len(balls) >= k else points.thin(max(self.most, k)).matrix


def _grown(rows: Floats, radius: float) -> Floats:
    tree = BallTree(threshold=radius, n_clusters=None)
    with one_thread():
        tree.fit(rows)
    balls: Floats = tree.subcluster_centers_
    return balls


PART = Birch()
