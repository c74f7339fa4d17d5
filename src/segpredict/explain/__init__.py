"""A booster and its customers in, reasons out: which features moved which forecast."""

from segpredict.explain.explanation import Explanation
from segpredict.explain.plots import bar, beeswarm, draw
from segpredict.explain.shapley import ExplainOptions, explain, forces
from segpredict.explain.write import importance_json

__all__ = [
    "ExplainOptions",
    "Explanation",
    "bar",
    "beeswarm",
    "draw",
    "explain",
    "forces",
    "importance_json",
]
