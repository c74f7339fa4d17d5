"""Weighted points, equal for any row order and on any machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from segpredict.core.arrays import FloatArray, IndexArray, IntArray

COORDINATE_SCALE = 1e6  # grid steps per unit; sums of whole steps are exact below 2**53


@dataclass(frozen=True, slots=True, eq=False)
class WeightedPoints:
    """Distinct points, sorted, each with the number of rows that lie on it.

    Coordinates are rounded to 10⁻⁶ (data are standardised, so that is 10⁻⁶ standard deviations).
    Sums of whole numbers are exact, so centres do not depend on the order of rows or on the number
    of threads, and points closer than the precision are one point.
    """

    # distinct rows in whole millionths, sorted by the first column, then the second and so on;
    # shape (points, axes)
    integer_coordinates: IntArray
    weights: IntArray  # rows on each point, at least 1

    @classmethod
    def from_matrix(cls, matrix: FloatArray, weights: IntArray | None = None) -> "WeightedPoints":
        """Return the points of a matrix, one row an observation, which stands for `weights` rows.

        >>> points = WeightedPoints.from_matrix(np.array([[2.0], [1.0], [2.0]]))
        >>> points.matrix.tolist(), points.weights.tolist()
        ([[1.0], [2.0]], [1, 2])
        """
        steps = np.rint(matrix * COORDINATE_SCALE).astype(np.int64)
        order = np.lexsort(steps.T[::-1])
        ordered = steps[order]
        is_first = np.ones(len(ordered), dtype=bool)
        is_first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        starts = np.flatnonzero(is_first)
        counts = np.ones(len(steps), np.int64) if weights is None else weights
        return cls(ordered[starts], np.add.reduceat(counts[order], starts))

    def __len__(self) -> int:
        return len(self.integer_coordinates)

    @property
    def matrix(self) -> FloatArray:
        """The distinct points as floats, shape (points, axes)."""
        return self.integer_coordinates / COORDINATE_SCALE

    @property
    def n_rows(self) -> int:
        """How many rows there were."""
        return int(self.weights.sum())

    def quantize(self, limit: int) -> "WeightedPoints":
        """Return at most `limit` points that represent all, one for each neighbourhood.

        Every m-th point in sorted order represents the m − 1 around it and gets their
        weight: a systematic sample without randomness, independent of ids.
        """
        if len(self) <= limit:
            return self
        starts = np.arange(limit, dtype=np.int64) * len(self) // limit
        ends: Any = np.append(starts[1:], len(self))
        weights = np.add.reduceat(self.weights, starts)
        return WeightedPoints(self.integer_coordinates[(starts + ends) // 2], weights)

    def sample_rows(self, limit: int) -> FloatArray:
        """Return at most `limit` rows, each point as often as it has rows.

        For algorithms without weights. Where there are more rows, every m-th in sorted
        order is taken: a systematic sample without randomness, independent of ids.
        """
        return self.matrix[self.even_rows(min(self.n_rows, limit))]

    def even_rows(self, count: int) -> IndexArray:
        """Return the points of that many rows, at even steps through the sorted rows."""
        ranks = (2 * np.arange(count, dtype=np.int64) + 1) * self.n_rows // (2 * count)
        return np.searchsorted(np.cumsum(self.weights), ranks, side="right")

    def with_weights(self, counts: IndexArray) -> "WeightedPoints":
        """Return the points with these numbers of rows, without those of no row."""
        has_rows = counts > 0
        weights = counts[has_rows].astype(np.int64)
        return WeightedPoints(self.integer_coordinates[has_rows], weights)

    def group_means(self, labels: IndexArray, previous: FloatArray) -> FloatArray:
        """Return the exact mean of each group; an empty one keeps its previous centre."""
        k = len(previous)
        size = np.bincount(labels, self.weights, minlength=k)
        means = previous.copy()
        for axis, steps in enumerate(self.integer_coordinates.T):
            total = np.bincount(labels, steps * self.weights, minlength=k) / COORDINATE_SCALE
            np.divide(total, size, out=means[:, axis], where=size > 0)
        return means


_is_limited: ContextVar[bool] = ContextVar("one thread is held already", default=False)


@contextmanager
def limit_to_one_thread() -> Iterator[None]:
    """Limit linear algebra and OpenMP to one thread inside this context.

    Entering takes three milliseconds, as long as a small fit; nested contexts cost nothing.

    >>> with limit_to_one_thread():
    ...     total = np.ones((2, 2)) @ np.ones(2)
    """
    if _is_limited.get():
        yield
        return
    token = _is_limited.set(True)
    try:
        with threadpool_limits(1):
            yield
    finally:
        _is_limited.reset(token)
