"""Group points: one algorithm a file; how many groups, and how good they are.

In: a matrix of floats, one row a customer and window. Out: frozen groups and the rule
by which any point, seen or new, finds its own.
"""

from segpredict.clustering._choose import (
    Candidate,
    Choice,
    Gates,
    choose,
    mean_silhouette,
    shares,
    silhouette,
)
from segpredict.clustering._clusterer import Clusterer, Clusters
from segpredict.clustering._mixture import Mixture
from segpredict.clustering._options import (
    AIMS,
    ApartOptions,
    CompareOptions,
    RefineOptions,
    SegmentOptions,
)
from segpredict.clustering._points import Floats, Labels, Points, Whole, one_thread
from segpredict.clustering._rule import (
    Cells,
    Centres,
    Embedded,
    Landmarks,
    Layer,
    Rule,
    distances,
)
from segpredict.clustering.kmeans import settle
from segpredict.registry import Registry

CLUSTERERS = Registry("segpredict.clustering", Clusterer)

__all__ = [
    "AIMS",
    "CLUSTERERS",
    "ApartOptions",
    "Candidate",
    "Cells",
    "Centres",
    "Choice",
    "Clusterer",
    "Clusters",
    "CompareOptions",
    "Embedded",
    "Floats",
    "Gates",
    "Labels",
    "Landmarks",
    "Layer",
    "Mixture",
    "Points",
    "RefineOptions",
    "Rule",
    "SegmentOptions",
    "Whole",
    "choose",
    "distances",
    "mean_silhouette",
    "one_thread",
    "settle",
    "shares",
    "silhouette",
]
