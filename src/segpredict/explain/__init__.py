"""Explain forecasts: Shapley values, importance and reasons.

In: the selected model and its customers. Out: contributions, importance, reasons in words.
"""

from segpredict.explain.evidence import ImportanceEvidence, check_importance
from segpredict.explain.explainer import ForecastExplainer, build_explainer
from segpredict.explain.explanation import (
    Explanation,
    explained_sentence,
    importance_json,
    stratified_sample,
)
from segpredict.explain.groups import FeatureGroup
from segpredict.explain.points import contribution_points
from segpredict.explain.reasons import ReasonLexicon, explained_share, short_meaning
from segpredict.explain.run_comparison import (
    compare_importance,
    importance_shares,
    move_reasons,
    rank_agreement,
)

__all__ = [
    "Explanation",
    "FeatureGroup",
    "ForecastExplainer",
    "ImportanceEvidence",
    "ReasonLexicon",
    "build_explainer",
    "check_importance",
    "compare_importance",
    "contribution_points",
    "explained_sentence",
    "explained_share",
    "importance_json",
    "importance_shares",
    "move_reasons",
    "rank_agreement",
    "short_meaning",
    "stratified_sample",
]
