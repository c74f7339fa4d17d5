"""A forecaster and its customers in, reasons out: what moved which forecast."""

from segpredict.explain.additive import Additive, additive
from segpredict.explain.evidence import Evidence, evidence
from segpredict.explain.explainer import Explainer, explainer
from segpredict.explain.explanation import Explanation, sentence
from segpredict.explain.groups import Group
from segpredict.explain.options import ExplainOptions
from segpredict.explain.plots import bar, beeswarm, crowds, draw
from segpredict.explain.reasons import Lexicon
from segpredict.explain.write import importance_json

__all__ = [
    "Additive",
    "Evidence",
    "ExplainOptions",
    "Explainer",
    "Explanation",
    "Group",
    "Lexicon",
    "additive",
    "bar",
    "beeswarm",
    "crowds",
    "draw",
    "evidence",
    "explainer",
    "importance_json",
    "sentence",
]
