"""Samples of rows that do not depend on ids, drawn once for all candidates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segpredict.clustering import CompareOptions, Floats, Points, Whole
from segpredict.criteria.validity import Folds

BOOTSTRAP, HALVES, GAUSSIAN, PERMUTED = 1, 2, 3, 4  # streams of chance, one a purpose
NULL_DRAWS = 2  # bootstrap draws in one null world


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


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """The newest customers, in today's space and in that of one horizon earlier.

    Parameters
    ----------
    points
        What could be known one horizon ago, in its own space.
    then, now
        The newest window's rows in that space, and in today's.
    """

    points: Points
    then: Floats
    now: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Null:
    """One world without groups, and resamples of it.

    Parameters
    ----------
    sample
        Its rows.
    resamples
        Bootstrap samples of them.
    halves
        The rows, halved.
    """

    sample: Points
    resamples: tuple[Points, ...]
    halves: tuple[Points, Points]

    @classmethod
    def of(cls, sample: Points, seed: int, draw: int, draws: int) -> "Null":
        """Return a world with its resamples."""
        again = tuple(
            bootstrap(sample, seed, draw * NULL_DRAWS + i) for i in range(draws)
        )
        return cls(sample, again, halves(sample, seed, draw))


@dataclass(frozen=True, eq=False)
class Bench:
    """Everything that does not depend on the candidate, worked out once.

    Parameters
    ----------
    points
        All rows, in standard deviations; value is the first axis.
    options
        How thoroughly to measure.
    windows
        How many windows the rows come from.
    customers
        How many customers they come from, where a customer has several.
    seed
        Start of every random draw.
    earlier
        What the temporal comparison needs; ``None`` where history is too short.
    """

    points: Points
    options: CompareOptions
    windows: int = 1
    customers: int | None = None
    seed: int = 0
    earlier: Earlier | None = None

    @cached_property
    def sample(self) -> Points:
        """The rows on which stability is measured."""
        rows = self.options.rows
        return systematic(self.points, min(rows, self.customers or rows))

    @cached_property
    def folds(self) -> Folds:
        """Samples with all their distances."""
        return Folds.of(systematic(self.points, self.options.rows))

    @cached_property
    def resamples(self) -> tuple[Points, ...]:
        """Bootstrap samples."""
        draws = range(self.options.draws)
        return tuple(bootstrap(self.sample, self.seed, draw) for draw in draws)

    @cached_property
    def halves(self) -> tuple[tuple[Points, Points], ...]:
        """Halvings."""
        splits = range(self.options.splits)
        return tuple(halves(self.sample, self.seed, draw) for draw in splits)

    @cached_property
    def gaussian(self) -> tuple[Null, ...]:
        """Worlds of one Gaussian with the same covariance."""
        return tuple(
            Null.of(gaussian(self.sample, self.seed, draw), self.seed, draw, NULL_DRAWS)
            for draw in range(self.options.nulls)
        )

    @cached_property
    def permuted(self) -> tuple[Null, ...]:
        """Worlds in which no column knows another."""
        return tuple(
            Null.of(permuted(self.sample, self.seed, draw), self.seed, draw, 0)
            for draw in range(self.options.nulls)
        )
