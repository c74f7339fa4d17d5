"""Clustering algorithms, one per file.

In: a matrix of floats, one row per customer and window. Out: frozen groups and the rule
that assigns any point, seen or new.
"""

from segpredict.core.registry import Registry
from segpredict.segmentation.algorithms._assignment_rule import (
    GridCells,
    NearestCentre,
    euclidean_distances,
)
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters
from segpredict.segmentation.algorithms._points import (
    COORDINATE_SCALE,
    WeightedPoints,
    limit_to_one_thread,
)
from segpredict.segmentation.algorithms.kmeans import settle

CLUSTERERS = Registry("segpredict.segmentation.algorithms", Clusterer, "segpredict.algorithms")

__all__ = [
    "CLUSTERERS",
    "COORDINATE_SCALE",
    "Clusterer",
    "Clusters",
    "GridCells",
    "NearestCentre",
    "WeightedPoints",
    "euclidean_distances",
    "limit_to_one_thread",
    "settle",
]
