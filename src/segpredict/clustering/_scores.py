"""How good groups are: silhouette and sizes, equal on every run."""

import numpy as np

from segpredict.clustering._centres import distances
from segpredict.clustering._clusterer import Clusters
from segpredict.clustering._points import Floats, Labels, Points
from segpredict.clustering._threads import one_thread

SAMPLE = 3_000  # points for the silhouette; 2,000 came within .002 of the full figure
DIGITS = 6


def shares(points: Points, clusters: Clusters) -> tuple[float, ...]:
    """Return the share of the rows in each group, in the order of the centres.

    Examples
    --------
    >>> import numpy as np
    >>> points = Points.of(np.array([[0.0], [0.0], [0.0], [9.0]]))
    >>> shares(points, Clusters.around(points, np.array([[0.0], [9.0]])))
    (0.75, 0.25)
    """
    labels = clusters.assign(points.matrix)
    sizes = np.bincount(labels, points.weights, minlength=clusters.k)
    return tuple((sizes / points.rows).tolist())


def silhouette(points: Points, *groups: Clusters, limit: int = SAMPLE) -> list[float]:
    """Return the mean silhouette of each grouping of the same points.

    Parameters
    ----------
    points
        The points; at most `limit` are used, without chance (`Points.thin`).
    groups
        The groupings to compare; the distances are worked out once for all of them.
    limit
        How many points to use.

    Returns
    -------
    list of float
        In [−1, 1], six digits; a point alone in its group counts 0.

    Notes
    -----
    s = (b − a) / max(a, b), with a the mean distance to the rest of the own group and b
    the mean distance to the nearest other group. High values do not prove that groups
    exist in nature (method §3.1).

    References
    ----------
    Rousseeuw (1987).

    Examples
    --------
    >>> import numpy as np
    >>> points = Points.of(np.array([[0.0], [1.0], [10.0], [11.0]]))
    >>> silhouette(points, Clusters.around(points, np.array([[0.5], [10.5]])))
    [0.899749]
    """
    few = points.thin(limit)
    # Scaled to as many rows as there may be points, a neighbour who stands for others
    # is not taken for a row's own copies.
    scale = min(1.0, max(limit, len(few)) / few.rows)
    weights: Floats = few.weights.astype(np.float64) * scale
    apart = distances(few.matrix, few.matrix)
    with one_thread():
        return [
            _mean_silhouette(apart, weights, g.assign(few.matrix), g.k) for g in groups
        ]


def _mean_silhouette(apart: Floats, weights: Floats, labels: Labels, k: int) -> float:
    member = labels[:, None] == np.arange(k)
    size = (member * weights[:, None]).sum(axis=0)
    to_group = apart @ (member * weights[:, None])
    others = np.maximum(size - member, 1e-12)
    own = to_group[member] / np.maximum(others[member], 1e-12)
    mean = np.where(member | (size == 0), np.inf, to_group / np.maximum(size, 1e-12))
    other = mean.min(axis=1)
    larger = np.maximum(own, other)
    is_alone = (size[labels] <= 1) | ~np.isfinite(other) | (larger == 0)
    score = np.where(is_alone, 0.0, (other - own) / np.where(is_alone, 1.0, larger))
    return round(float((score * weights).sum() / weights.sum()), DIGITS)
