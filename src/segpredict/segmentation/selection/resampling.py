"""Samples of rows that do not depend on ids, drawn once for all candidates."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segpredict.config.segmentation import SelectionOptions
from segpredict.core.arrays import FloatArray
from segpredict.segmentation.algorithms import WeightedPoints
from segpredict.segmentation.selection.stability import SilhouetteFolds

# Random streams, one per purpose.
BOOTSTRAP_STREAM, HALVES_STREAM, GAUSSIAN_STREAM, PERMUTED_STREAM = range(1, 5)
NULL_BOOTSTRAP_DRAWS = 2  # bootstrap draws of one null sample


def systematic_sample(points: WeightedPoints, rows: int) -> WeightedPoints:
    """Return that many rows, taken at even steps through the sorted points."""
    if points.n_rows <= rows:
        return points
    return points.with_weights(np.bincount(points.even_rows(rows), minlength=len(points)))


def bootstrap_sample(points: WeightedPoints, seed: int, draw: int) -> WeightedPoints:
    """Return as many rows as there are, drawn with replacement."""
    rng = np.random.default_rng((seed, BOOTSTRAP_STREAM, draw))
    return points.with_weights(rng.multinomial(points.n_rows, points.weights / points.n_rows))


def random_halves(
    points: WeightedPoints, seed: int, draw: int
) -> tuple[WeightedPoints, WeightedPoints]:
    """Return the rows, split at random into two halves."""
    rng = np.random.default_rng((seed, HALVES_STREAM, draw))
    index = rng.permutation(np.repeat(np.arange(len(points)), points.weights))
    cut = len(index) // 2
    first, second = (np.bincount(p, minlength=len(points)) for p in (index[:cut], index[cut:]))
    return points.with_weights(first), points.with_weights(second)


def gaussian_null(points: WeightedPoints, seed: int, draw: int) -> WeightedPoints:
    """Return as many rows of one Gaussian with the same mean and covariance."""
    rng = np.random.default_rng((seed, GAUSSIAN_STREAM, draw))
    matrix, share = points.matrix, points.weights / points.n_rows
    mean = (matrix * share[:, None]).sum(axis=0)
    off = matrix - mean
    # Axis by axis: a matrix product's last digits depend on the machine.
    axes = range(matrix.shape[1])
    covariance = np.array([[(off[:, i] * off[:, j] * share).sum() for j in axes] for i in axes])
    levels, turns = np.linalg.eigh(covariance)
    root = (turns * np.sqrt(np.maximum(levels, 0))) @ turns.T
    normal = rng.standard_normal((points.n_rows, len(mean)))
    coordinates: FloatArray = mean + sum(normal[:, i, None] * root[i] for i in axes)
    return WeightedPoints.from_matrix(coordinates)


def permuted_null(points: WeightedPoints, seed: int, draw: int) -> WeightedPoints:
    """Return the rows with each column shuffled by itself: columns are independent."""
    rng = np.random.default_rng((seed, PERMUTED_STREAM, draw))
    rows = np.repeat(points.matrix, points.weights, axis=0)
    return WeightedPoints.from_matrix(np.stack([rng.permutation(axis) for axis in rows.T], axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class EarlierFit:
    """The newest customers, in the current space and in that of one horizon earlier."""

    points: WeightedPoints  # the rows known one horizon earlier, in their own space
    # the newest window's rows in that space, and in the current one
    earlier_points: FloatArray
    current_points: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class NullSample:
    """A sample without groups, and resamples of it."""

    sample: WeightedPoints  # its rows
    resamples: tuple[WeightedPoints, ...]  # bootstrap samples of them
    split_halves: tuple[WeightedPoints, WeightedPoints]  # the rows, halved

    @classmethod
    def from_sample(cls, sample: WeightedPoints, seed: int, draw: int, draws: int) -> "NullSample":
        """Return a null sample with its resamples."""
        resamples = tuple(
            bootstrap_sample(sample, seed, draw * NULL_BOOTSTRAP_DRAWS + i) for i in range(draws)
        )
        return cls(sample, resamples, random_halves(sample, seed, draw))


@dataclass(frozen=True, eq=False)
class ResampleSet:
    """Everything that does not depend on the candidate, computed once.

    >>> points = WeightedPoints.from_matrix(np.arange(9.0)[:, None])
    >>> drawn = ResampleSet(points, SelectionOptions(bootstrap_draws=2)).bootstrap_samples
    >>> [sample.n_rows for sample in drawn]
    [9, 9]
    """

    points: WeightedPoints  # all rows, in standard deviations; value is the first axis
    options: SelectionOptions  # sizes and numbers of samples
    windows: int = 1  # how many windows the rows come from
    customers: int | None = None  # how many customers they come from, where a customer has several
    seed: int = 0  # seed of every random draw
    # data of the temporal comparison; ``None`` where history is too short
    earlier: EarlierFit | None = None

    @cached_property
    def stability_sample(self) -> WeightedPoints:
        """The rows on which stability is measured."""
        rows = self.options.sample_rows
        return systematic_sample(self.points, min(rows, self.customers or rows))

    @cached_property
    def silhouette_folds(self) -> SilhouetteFolds:
        """Samples with their distance matrices."""
        return SilhouetteFolds.from_sample(systematic_sample(self.points, self.options.sample_rows))

    @cached_property
    def bootstrap_samples(self) -> tuple[WeightedPoints, ...]:
        """Bootstrap samples."""
        draws = range(self.options.bootstrap_draws)
        return tuple(bootstrap_sample(self.stability_sample, self.seed, draw) for draw in draws)

    @cached_property
    def split_halves(self) -> tuple[tuple[WeightedPoints, WeightedPoints], ...]:
        """Random splits into halves."""
        splits = range(self.options.strength_splits)
        return tuple(random_halves(self.stability_sample, self.seed, draw) for draw in splits)

    @cached_property
    def gaussian_nulls(self) -> tuple[NullSample, ...]:
        """Samples of one Gaussian with the same covariance."""
        return self._nulls(gaussian_null, NULL_BOOTSTRAP_DRAWS)

    @cached_property
    def permuted_nulls(self) -> tuple[NullSample, ...]:
        """Samples with independent columns."""
        return self._nulls(permuted_null, 0)

    def _nulls(
        self, null: Callable[[WeightedPoints, int, int], WeightedPoints], resamples: int
    ) -> tuple[NullSample, ...]:
        draws = range(self.options.null_samples)
        samples = (null(self.stability_sample, self.seed, draw) for draw in draws)
        return tuple(
            NullSample.from_sample(sample, self.seed, draw, resamples)
            for draw, sample in enumerate(samples)
        )
