"""Segments that never change meaning: fitted once, frozen, named on a value ladder.

In: how often and for how much each customer bought in windows of one length. Out: a
`Segmentation` that gives any such row a code, 0 for INACTIVE and 1 … k by rising value.
"""

from segpredict.segmentation.fit import fit_segmentation
from segpredict.segmentation.inputs import extra_inputs
from segpredict.segmentation.model import Segmentation, fill_inactive, nearest_other_segment
from segpredict.segmentation.overrides import override_inputs, rows_to_cluster
from segpredict.segmentation.own_segments import (
    OwnSegmentation,
    fit_own_segments,
    segment_register,
    segmentation_from_state,
)
from segpredict.segmentation.profile_cards import category_indices, profile_cards, segment_profiles
from segpredict.segmentation.profiles import segment_profile_table
from segpredict.segmentation.rule_grid import RuleGrid, fit_rule_grid

__all__ = [
    "OwnSegmentation",
    "RuleGrid",
    "Segmentation",
    "category_indices",
    "extra_inputs",
    "fill_inactive",
    "fit_own_segments",
    "fit_rule_grid",
    "fit_segmentation",
    "nearest_other_segment",
    "override_inputs",
    "profile_cards",
    "rows_to_cluster",
    "segment_profile_table",
    "segment_profiles",
    "segment_register",
    "segmentation_from_state",
]
