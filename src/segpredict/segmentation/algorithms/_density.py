"""From dense regions to groups: small regions are noise, noise joins the nearest group."""

import numpy as np
import numpy.typing as npt

from segpredict.config.segmentation import MAX_SEGMENTS
from segpredict.core.arrays import FloatArray, IndexArray, IntArray
from segpredict.errors import SupportError
from segpredict.segmentation.algorithms._assignment_rule import NearestLandmarks
from segpredict.segmentation.algorithms._clusterer import Clusters, rule_agreement
from segpredict.segmentation.algorithms._points import WeightedPoints

NOISE = -1
BoolArray = npt.NDArray[np.bool_]


def groups_from_density(
    points: WeightedPoints,
    places: FloatArray,
    labels: IndexArray,
    weights: IntArray,
    min_share: float,
    is_core: BoolArray | None = None,
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
