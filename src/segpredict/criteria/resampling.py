"""Samples of rows that do not depend on ids: systematic, bootstrapped, halved, null."""

import numpy as np

from segpredict.clustering import Floats, Points, Whole

BOOTSTRAP, HALVES, GAUSSIAN, PERMUTED = 1, 2, 3, 4  # streams of chance, one a purpose


def systematic(points: Points, rows: int) -> Points:
    """Return that many rows, taken at even steps through the sorted points.

    Examples
    --------
    >>> import numpy as np
    >>> points = Points.of(np.repeat([[1.0], [2.0], [3.0]], [6, 2, 2], axis=0))
    >>> few = systematic(points, 5)
    >>> few.matrix.ravel().tolist(), few.weights.tolist()
    ([1.0, 2.0, 3.0], [3, 1, 1])
    """
    if points.rows <= rows:
        return points
    at = (2 * np.arange(rows) + 1) * points.rows // (2 * rows)
    index = np.searchsorted(np.cumsum(points.weights), at, side="right")
    return _some(points, np.bincount(index, minlength=len(points)))


def bootstrap(points: Points, seed: int, draw: int) -> Points:
    """Return as many rows as there are, drawn with replacement."""
    chance = np.random.default_rng((seed, BOOTSTRAP, draw))
    counts = chance.multinomial(points.rows, points.weights / points.rows)
    return _some(points, counts)


def halves(points: Points, seed: int, draw: int) -> tuple[Points, Points]:
    """Return the rows, parted at random into two halves."""
    chance = np.random.default_rng((seed, HALVES, draw))
    index = chance.permutation(np.repeat(np.arange(len(points)), points.weights))
    cut = len(index) // 2
    parts = (np.bincount(p, minlength=len(points)) for p in (index[:cut], index[cut:]))
    first, second = parts
    return _some(points, first), _some(points, second)


def gaussian(points: Points, seed: int, draw: int) -> Points:
    """Return as many rows of one Gaussian with the same mean and covariance."""
    chance = np.random.default_rng((seed, GAUSSIAN, draw))
    matrix, share = points.matrix, points.weights / points.rows
    mean = (matrix * share[:, None]).sum(axis=0)
    off = matrix - mean
    # Axis by axis: a matrix product's last digits depend on the machine.
    axes = range(matrix.shape[1])
    covariance = np.array(
        [[(off[:, i] * off[:, j] * share).sum() for j in axes] for i in axes]
    )
    levels, turns = np.linalg.eigh(covariance)
    root = (turns * np.sqrt(np.maximum(levels, 0))) @ turns.T
    normal = chance.standard_normal((points.rows, len(mean)))
    places: Floats = mean + sum(normal[:, i, None] * root[i] for i in axes)
    return Points.of(places)


def permuted(points: Points, seed: int, draw: int) -> Points:
    """Return the rows with each column shuffled by itself: no column knows another."""
    chance = np.random.default_rng((seed, PERMUTED, draw))
    rows = np.repeat(points.matrix, points.weights, axis=0)
    return Points.of(np.stack([chance.permutation(axis) for axis in rows.T], axis=1))


def _some(points: Points, counts: Whole) -> Points:
    kept = counts > 0
    return Points(points.grains[kept], counts[kept].astype(np.int64))
