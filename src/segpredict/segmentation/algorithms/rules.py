"""The rule grid: fifths of value and frequency, and bands of their sum."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from math import prod
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from segpredict.core.arrays import IntArray
from segpredict.errors import SupportError
from segpredict.segmentation.algorithms._assignment_rule import GridCells
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints

MAX_SCORES = 10  # more would hardly differ, and all band limits are tried
GRID_AXES = 2  # value and frequency are the first axes of all inputs


@dataclass(frozen=True)
class RuleGridClustering(Clusterer):
    """A 5 × 5 grid over the first two axes, whose cells are joined into `k` bands.

    A value's score is 1 + the number of fifths that the share of rows strictly below it has
    reached, so equal values get equal scores. Cells with the same sum of scores belong together,
    and the sums are cut into `k` bands of shares as equal as possible. The cut points are frozen.
    """

    complexity_rank: ClassVar[int] = 0
    # scores an axis is given; five are fifths
    n_scores: Annotated[int, Field(ge=2, le=MAX_SCORES, strict=True)] = 5

    def fit(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        del seed, n_init  # deterministic
        require_points(points, k)
        columns = points.integer_coordinates.T[:GRID_AXES]
        cuts = tuple(_cuts(c, points.weights, self.n_scores) for c in columns)
        grid = GridCells(cuts, tuple(range(prod(len(c) + 1 for c in cuts))))
        sums = [sum(cell) for cell in product(*(range(len(c) + 1) for c in cuts))]
        sum_of_points = np.array(sums)[grid.cell_codes(points.matrix)]
        rows = np.bincount(sum_of_points, points.weights, minlength=max(sums) + 1)
        bands = _bands(rows.tolist(), k)
        return Clusters.from_rule(points, GridCells(cuts, tuple(bands[s] for s in sums)))


def _cuts(values: IntArray, weights: IntArray, scores: int) -> tuple[float, ...]:
    """Return the values from which the next score is given, for scores that occur."""
    distinct, place = np.unique(values, return_inverse=True)
    rows = np.bincount(place, weights).astype(np.int64)
    below = np.cumsum(rows) - rows
    score = below * scores // rows.sum()
    is_first = np.append(False, np.diff(score) > 0)
    # Half a grid step below the value, so that rounding cannot separate equal rows.
    return tuple(((distinct[is_first] - 0.5) / 1e6).tolist())


def _bands(rows: Sequence[float], k: int) -> list[int]:
    """Return the band of each sum: `k` runs of sums, of shares as equal as possible."""
    occupied = [s for s, count in enumerate(rows) if count]
    if len(occupied) < k:
        raise SupportError(
            f"{k} groups were asked for, and the rule grid has only {len(occupied)} "
            "levels of customers.",
            fix=f"--set segmentation.k={len(occupied)} asks for fewer segments."
            if len(occupied) > 1
            else "choose another algorithm, such as kmeans.",
            count=len(occupied),
        )
    cumulative = np.concatenate([[0.0], np.cumsum(rows)])

    def unevenness(starts: Sequence[int]) -> float:
        edges = [0, *starts, len(rows)]
        return sum(float(cumulative[b] - cumulative[a]) ** 2 for a, b in pairwise(edges))

    starts = min(combinations(occupied[1:], k - 1), key=unevenness)
    return [sum(s >= start for start in starts) for s in range(len(rows))]


PART = RuleGridClustering()
