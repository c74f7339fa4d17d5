"""Segments that never change meaning: fitted once, frozen, named on a value ladder.

In: how often and for how much each customer bought in windows of one length. Out: a
`Segmentation` that gives any such row a code, 0 for INACTIVE and 1 … k by rising value.
"""

from segpredict.clustering import SegmentOptions
from segpredict.segments._transform import INSTRUMENTS, further
from segpredict.segments.affinity import affinity, indices
from segpredict.segments.cards import cards, examples
from segpredict.segments.description import Description, describe, tell
from segpredict.segments.grid import Grid, fit_grid
from segpredict.segments.identity import Event, Identity
from segpredict.segments.making import fit
from segpredict.segments.nearest import nearest
from segpredict.segments.profiles import profile
from segpredict.segments.refinement import asked, left_over
from segpredict.segments.segmentation import Segmentation, SegmentValue, complete

__all__ = [
    "INSTRUMENTS",
    "Description",
    "Event",
    "Grid",
    "Identity",
    "SegmentOptions",
    "SegmentValue",
    "Segmentation",
    "affinity",
    "asked",
    "cards",
    "complete",
    "describe",
    "examples",
    "fit",
    "fit_grid",
    "further",
    "indices",
    "left_over",
    "nearest",
    "profile",
    "tell",
]
