"""The baselines that a model has to beat: one a file, found by name."""

from segpredict.classifier.models.baselines._baseline import Baseline, smoothed_transitions
from segpredict.classifier.models.baselines._segment_borders import (
    SegmentBorders,
    find_segment_borders,
    segments_between,
)
from segpredict.core.registry import Registry

BASELINES: Registry[Baseline] = Registry(__name__, Baseline)

__all__ = [
    "BASELINES",
    "Baseline",
    "SegmentBorders",
    "find_segment_borders",
    "segments_between",
    "smoothed_transitions",
]
