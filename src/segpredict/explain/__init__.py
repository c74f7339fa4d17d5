"""Explain forecasts: Shapley values, importance and reasons.

In: the selected model and its customers. Out: contributions, importance, reasons in words.
"""

from segpredict.explain.evidence import ImportanceEvidence, check_importance
from segpredict.explain.explainer import ForecastExplainer, build_explainer
from segpredict.explain.explanation import Explanation, explained_sentence, importance_json
from segpredict.explain.groups import FeatureGroup
from segpredict.explain.plots import customer_plots, draw_plots
from segpredict.explain.reasons import ReasonLexicon

__all__ = [
    "Explanation",
    "FeatureGroup",
    "ForecastExplainer",
    "ImportanceEvidence",
    "ReasonLexicon",
    "build_explainer",
    "check_importance",
    "customer_plots",
    "draw_plots",
    "explained_sentence",
    "importance_json",
]
