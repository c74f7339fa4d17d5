"""Segments that never change meaning: fitted once, frozen, named on a value ladder.

In: how often and for how much each customer bought in windows of one length. Out: a
`Segmentation` that gives any such row a code, 0 for INACTIVE and 1 … k by rising value.
"""

from segpredict.clustering import SegmentationOptions
from segpredict.segments._transform import CLUSTERING_INPUTS, extra_inputs
from segpredict.segments.affinity import category_indices, distinctive_categories
from segpredict.segments.cards import profile_cards, typical_customers
from segpredict.segments.description import SegmentDescription, describe_segments, threshold_text
from segpredict.segments.grid import RuleGrid, fit_rule_grid
from segpredict.segments.identity import SegmentEvent, SegmentIdentity
from segpredict.segments.making import fit_segmentation
from segpredict.segments.nearest import nearest_other_segment
from segpredict.segments.profiles import segment_profile_table
from segpredict.segments.refinement import override_inputs, rows_to_cluster
from segpredict.segments.segmentation import Segmentation, SegmentValue, fill_inactive

__all__ = [
    "CLUSTERING_INPUTS",
    "RuleGrid",
    "SegmentDescription",
    "SegmentEvent",
    "SegmentIdentity",
    "SegmentValue",
    "Segmentation",
    "SegmentationOptions",
    "category_indices",
    "describe_segments",
    "distinctive_categories",
    "extra_inputs",
    "fill_inactive",
    "fit_rule_grid",
    "fit_segmentation",
    "nearest_other_segment",
    "override_inputs",
    "profile_cards",
    "rows_to_cluster",
    "segment_profile_table",
    "threshold_text",
    "typical_customers",
]
