"""Model selection for segmentations: metrics, gates and the selection rule.

In: points, and an algorithm that groups them. Out: a `SegmentationCandidate` with all metrics,
and a `SegmentationSelection` made by a rule that was fixed before.
"""

from segpredict.segmentation.selection.candidate import SegmentationCandidate
from segpredict.segmentation.selection.select import SegmentationSelection, select_candidate

__all__ = ["SegmentationCandidate", "SegmentationSelection", "select_candidate"]
