"""Segments that never change meaning: fitted once, frozen, named on a value ladder.

In: how often and for how much each customer bought in windows of one length. Out: a
`Segmentation` that gives any such row a code, 0 for INACTIVE and 1 … k by rising value.
"""

from segpredict.clustering import SegmentOptions
from segpredict.segments._transform import INSTRUMENTS, further
from segpredict.segments.fitting import fit
from segpredict.segments.grid import Grid, fit_grid
from segpredict.segments.movement import NEW, matrix, migration
from segpredict.segments.profiles import profile
from segpredict.segments.segmentation import Segmentation, SegmentValue, complete

__all__ = [
    "INSTRUMENTS",
    "NEW",
    "Grid",
    "SegmentOptions",
    "SegmentValue",
    "Segmentation",
    "complete",
    "fit",
    "fit_grid",
    "further",
    "matrix",
    "migration",
    "profile",
]
