"""K-means: Lloyd's algorithm from k-means++ starts; the default algorithm."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segpredict.config.fill import Count
from segpredict.core.arrays import FloatArray
from segpredict.segmentation.algorithms._assignment_rule import nearest_centre
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints, limit_to_one_thread

FINALIST_STARTS = 3  # best starts that are continued on all points
SCREENING_ITERATIONS = 4  # passes after which the best start is chosen
CENTRE_TOLERANCE = 1e-3  # relative difference in inertia below which two results are the same


@dataclass(frozen=True)
class KMeansClustering(Clusterer):
    """K-means, equal to the bit for any row order and any number of threads.

    The starts run on at most 10,000 points, one thread (10–60 times faster at this size). The best
    distinct results are continued on all points for a few passes, and the best of those with exact
    sums until nothing moves: on a sample two partitions can be nearly equal, and their order can
    differ from that on all rows. ``benchmarks/clustering/run.py sweep`` compares the inertia with
    scikit-learn's. After Lloyd (1982); Arthur and Vassilvitskii (2007), k-means++.
    """

    complexity_rank: ClassVar[int] = 1
    sample_rows: Count = 10_000  # points for the many starts
    max_iterations: Count = 30  # lloyd passes over all points from the best start

    def fit(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points."""
        require_points(points, k)
        sample = points.quantize(max(self.sample_rows, k))
        starts = _starts(sample, k, seed, n_init)
        if sample is not points and len(starts) > 1:
            finalists = starts[:FINALIST_STARTS]
            settled = (settle(points, start, SCREENING_ITERATIONS) for start in finalists)
            fits = [Clusters.from_centres(points, centres) for centres in settled]
            starts = [min(fits, key=lambda fit: fit.inertia).centres]
        return Clusters.from_centres(points, settle(points, starts[0], self.max_iterations))

    def best_start(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> FloatArray:
        """Return the best centres of many starts on a sample of the points."""
        return _starts(points.quantize(max(self.sample_rows, k)), k, seed, n_init)[0]


def _starts(points: WeightedPoints, k: int, seed: int, n_init: int) -> list[FloatArray]:
    """Return the distinct results of the starts, best first."""
    from sklearn.cluster import KMeans as LloydKMeans
    from sklearn.exceptions import ConvergenceWarning

    draws = np.random.RandomState(seed)  # one for all starts, as scikit-learn has it
    found: list[tuple[float, FloatArray]] = []
    with limit_to_one_thread(), warnings.catch_warnings():
        # An empty group shows in the sizes, which the gates check.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(n_init):
            lloyd = LloydKMeans(k, n_init=1, random_state=draws)
            lloyd.fit(points.matrix, sample_weight=points.weights)
            found.append((lloyd.inertia_, lloyd.cluster_centers_))
    found.sort(key=lambda start: start[0])
    distinct: list[tuple[float, FloatArray]] = []
    for inertia, centres in found:
        if not distinct or inertia > distinct[-1][0] * (1 + CENTRE_TOLERANCE):
            distinct.append((inertia, centres))
    return [centres for _, centres in distinct]


def settle(
    points: WeightedPoints, centres: FloatArray, passes: int, fixed: Sequence[int] = ()
) -> FloatArray:
    """Return the centres after Lloyd's passes; fixed ones do not move.

    >>> points = WeightedPoints.from_matrix(np.array([[0.0], [1.0], [10.0], [11.0]]))
    >>> settle(points, np.array([[0.0], [9.0]]), passes=9).tolist()
    [[0.5], [10.5]]
    """
    matrix, fixed_rows = points.matrix, list(fixed)
    for _ in range(passes):
        moved = points.group_means(nearest_centre(matrix, centres), centres)
        moved[fixed_rows] = centres[fixed_rows]
        if (moved == centres).all():
            break
        centres = moved
    return centres


PART = KMeansClustering()
