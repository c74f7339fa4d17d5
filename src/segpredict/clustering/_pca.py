"""Principal components as one linear layer, equal on every machine but for rounding."""

import numpy as np

from segpredict.clustering._embedded import Layer
from segpredict.clustering._points import Points
from segpredict.clustering._threads import one_thread


def principal(points: Points, kept: float) -> Layer:
    """Return the rotation onto the components that keep a share of the variance.

    Parameters
    ----------
    points
        What to rotate.
    kept
        Least share of the variance that the components taken must hold together.

    Notes
    -----
    The largest weight of a component is positive, so its direction is no matter of
    chance.

    Examples
    --------
    >>> import numpy as np
    >>> layer = principal(Points.of(np.array([[-1.0, -1.0], [1.0, 1.0]])), 0.9)
    >>> layer.weights.round(4).tolist()
    [[0.7071], [0.7071]]
    """
    matrix, weights = points.matrix, points.weights[:, None]
    mean = (matrix * weights).sum(axis=0) / points.rows
    away = matrix - mean
    with one_thread():
        spread, ways = np.linalg.eigh((away * weights).T @ away / points.rows)
    order = np.argsort(-spread, kind="stable")
    total = max(float(spread.sum()), np.finfo(float).tiny)
    passed = np.cumsum(spread[order]) / total
    count = min(int(np.searchsorted(passed, kept - 1e-12)) + 1, len(order))
    taken = ways[:, order[:count]]
    largest = np.abs(taken).argmax(axis=0)
    taken = taken * np.where(taken[largest, np.arange(count)] < 0, -1.0, 1.0)
    return Layer(taken, -(mean[:, None] * taken).sum(axis=0))
