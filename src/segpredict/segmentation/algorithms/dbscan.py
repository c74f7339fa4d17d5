"""DBSCAN: dense regions of any form; the radius is read off the k-distances."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from segpredict.config.fill import Count, CountOrAuto, Size
from segpredict.config.segmentation import MAX_SEGMENTS
from segpredict.core.arrays import FloatArray, IndexArray, IntArray
from segpredict.errors import SupportError
from segpredict.segmentation.algorithms._assignment_rule import AssignmentRule, NearestLandmarks
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints, limit_to_one_thread

NOISE = -1
RADIUS_TOLERANCE = 1e-5  # coordinates are rounded; steps of equal length are not quite equal
MIN_RADIUS = 1e-3  # standard deviations; of identical rows the k-distance is 0


@dataclass(frozen=True)
class DBSCANClustering(Clusterer):
    """DBSCAN on a sample of rows; every other row joins the nearest core point.

    It finds the number of groups itself and ignores `k`. The result depends on the radius: a larger
    one joins groups and leaves less noise. After Ester, Kriegel, Sander and Xu (1996); Satopää et
    al. (2011) for the knee.
    """

    complexity_rank: ClassVar[int] = 7
    is_density_based: ClassVar[bool] = True
    # radius of a neighbourhood in standard deviations; 0 takes the knee of the k-distances
    eps: Annotated[float, Field(ge=0)] = 0.0
    # rows within the radius that make a core point; 0 takes twice the axes
    min_samples: CountOrAuto = 0
    min_group_share: Size = 0.01  # least share of the rows in a group; smaller ones count as noise
    # rows; the memory grows with their number times that of their neighbours
    sample_rows: Count = 5_000

    def fit(self, points: WeightedPoints, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return the dense groups of the points, as many as there are."""
        from scipy.spatial import cKDTree
        from sklearn.cluster import DBSCAN

        del seed, n_init  # deterministic
        require_points(points, k)
        rows = points.sample_rows(self.sample_rows)
        sample = WeightedPoints.from_matrix(rows)
        count = self.min_samples or 2 * rows.shape[1]
        near, _ = cKDTree(rows).query(rows, k=[min(count, len(rows))])
        eps = self.eps or curve_knee(np.sort(near[:, 0])) + RADIUS_TOLERANCE
        dense = DBSCAN(eps=max(eps, MIN_RADIUS), min_samples=count)
        with limit_to_one_thread():
            dense.fit(sample.matrix, sample_weight=sample.weights)
        is_core = np.isin(np.arange(len(sample)), dense.core_sample_indices_)
        found = (sample.matrix, dense.labels_, sample.weights)
        return groups_from_density(points, *found, self.min_group_share, is_core)


def curve_knee(rising: FloatArray) -> float:
    """Return where a rising curve turns up: farthest below the line between its ends."""
    line = np.linspace(rising[0], rising[-1], len(rising))
    return float(rising[(line - rising).argmax()])


def groups_from_density(
    points: WeightedPoints,
    places: FloatArray,
    labels: IndexArray,
    weights: IntArray,
    min_share: float,
    is_core: npt.NDArray[np.bool_] | None = None,
) -> Clusters:
    """Return the groups of dense regions, with every row in the nearest one.

    Labels are of `places`, −1 for noise. A region with less than the share `min_share` of
    the rows is noise, and so are the smallest of more regions than there are names.
    If core places are given, only they attract other rows.
    """
    sizes = np.bincount(labels[labels >= 0], weights[labels >= 0])
    largest = np.argsort(-sizes, kind="stable")[:MAX_SEGMENTS]
    large_enough = [r for r in largest.tolist() if sizes[r] >= max(min_share * weights.sum(), 1)]
    if not large_enough:
        raise SupportError(
            "No region of the data is denser than the rest: density finds no groups.",
            fix="choose another algorithm, such as kmeans.",
        )
    groups = np.full(int(max(labels.max(), 0)) + 2, NOISE)
    groups[large_enough] = np.arange(len(large_enough))
    groups_of_places = groups[labels]  # the last entry is that of noise
    is_member = groups_of_places != NOISE
    noise = float(weights[~is_member].sum() / weights.sum())
    grouped = places[is_member], groups_of_places[is_member].astype(np.intp), weights[is_member]
    if is_core is not None:
        is_member &= is_core
    rule = NearestLandmarks(places[is_member], groups_of_places[is_member].astype(np.intp))
    facts = {"agreement": rule_agreement(rule, *grouped)}
    return Clusters.from_rule(points, rule, noise=noise, facts=facts)


def rule_agreement(
    rule: AssignmentRule, places: FloatArray, labels: IndexArray, weights: IntArray
) -> float:
    """Return the share of the rows that a rule assigns as the algorithm did."""
    is_same = rule.assign(places) == labels
    return float(weights[is_same].sum() / weights.sum())


PART = DBSCANClustering()
