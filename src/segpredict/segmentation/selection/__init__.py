"""Model selection for segmentations: metrics, gates and the selection rule.

In: points, and an algorithm that groups them. Out: a `SegmentationCandidate` with all metrics,
and a `SegmentationSelection` made by a rule that was fixed before.
"""

from segpredict.segmentation.selection.candidate import QualityGates, SegmentationCandidate
from segpredict.segmentation.selection.internal_indices import eta_squared
from segpredict.segmentation.selection.measure import AlgorithmCandidate, measure_candidates
from segpredict.segmentation.selection.resampling import EarlierFit, ResampleSet
from segpredict.segmentation.selection.select import (
    CandidateRank,
    SegmentationSelection,
    elbow_point,
    encode_labels,
    select_candidate,
    similarity_to_selected,
)

__all__ = [
    "AlgorithmCandidate",
    "CandidateRank",
    "EarlierFit",
    "QualityGates",
    "ResampleSet",
    "SegmentationCandidate",
    "SegmentationSelection",
    "elbow_point",
    "encode_labels",
    "eta_squared",
    "measure_candidates",
    "select_candidate",
    "similarity_to_selected",
]
