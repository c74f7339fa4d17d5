"""Group points: one algorithm a file; how many groups, and how good they are.

In: a matrix of floats, one row a customer and window. Out: frozen groups and the rule
by which any point, seen or new, finds its own.
"""

from segpredict.clustering._cells import Cells
from segpredict.clustering._centres import Centres, distances, nearest
from segpredict.clustering._choose import Candidate, Choice, Gates, choose
from segpredict.clustering._clusterer import Clusterer, Clusters
from segpredict.clustering._compare_options import AIMS, CompareOptions
from segpredict.clustering._embedded import Embedded, Layer
from segpredict.clustering._halves import Halves
from segpredict.clustering._landmarks import Landmarks
from segpredict.clustering._mixture import Mixture
from segpredict.clustering._options import SegmentOptions
from segpredict.clustering._points import Floats, Labels, Points, Whole
from segpredict.clustering._rule import Rule
from segpredict.clustering._scores import shares, silhouette
from segpredict.clustering._threads import one_thread
from segpredict.registry import Registry

CLUSTERERS = Registry("segpredict.clustering", Clusterer)  # type: ignore[type-abstract]

__all__ = [
    "AIMS",
    "CLUSTERERS",
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
    "Halves",
    "Labels",
    "Landmarks",
    "Layer",
    "Mixture",
    "Points",
    "Rule",
    "SegmentOptions",
    "Whole",
    "choose",
    "distances",
    "nearest",
    "one_thread",
    "shares",
    "silhouette",
]
