"""Group points: one algorithm a file; how many groups, and how good they are.

In: a matrix of floats, one row a customer and window. Out: frozen groups and the rule
by which any point, seen or new, finds its own.
"""

from segpredict.clustering._choose import (
    SegmentCountCandidate,
    SegmentCountChoice,
    SizeGates,
    choose_segment_count,
    cluster_shares,
    mean_silhouette,
    silhouette_scores,
)
from segpredict.clustering._clusterer import Clusterer, Clusters
from segpredict.clustering._mixture import GaussianMixtureRule
from segpredict.clustering._options import (
    SELECTION_CRITERIA,
    OverrideOptions,
    SegmentationOptions,
    SegmentRuleOptions,
    SelectionOptions,
)
from segpredict.clustering._points import WeightedPoints, limit_to_one_thread
from segpredict.clustering._rule import (
    AssignmentRule,
    EmbeddedRule,
    EncoderLayer,
    GridCells,
    NearestCentre,
    NearestLandmarks,
    euclidean_distances,
)
from segpredict.clustering.kmeans import settle
from segpredict.core.arrays import FloatArray, IndexArray, IntArray
from segpredict.registry import Registry

CLUSTERERS = Registry("segpredict.clustering", Clusterer)

__all__ = [
    "CLUSTERERS",
    "SELECTION_CRITERIA",
    "AssignmentRule",
    "Clusterer",
    "Clusters",
    "EmbeddedRule",
    "EncoderLayer",
    "FloatArray",
    "GaussianMixtureRule",
    "GridCells",
    "IndexArray",
    "IntArray",
    "NearestCentre",
    "NearestLandmarks",
    "OverrideOptions",
    "SegmentCountCandidate",
    "SegmentCountChoice",
    "SegmentRuleOptions",
    "SegmentationOptions",
    "SelectionOptions",
    "SizeGates",
    "WeightedPoints",
    "choose_segment_count",
    "cluster_shares",
    "euclidean_distances",
    "limit_to_one_thread",
    "mean_silhouette",
    "settle",
    "silhouette_scores",
]
