"""The rhythm of buying: how long between purchase days, and how regular."""

from functools import partial

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.family import Columns, FeatureFamily, Measures


def _measures(window: Window) -> Measures:
    gap = partial(m.Measure, column="gap", rows="days", between=True)
    return {**m.gap_measures(window), "gap_most": gap("most"), "gap_last": gap("last")}


def _derive(_: Window) -> Columns:
    return {
        "ipt_mean": m.GAP_MEAN,
        "ipt_median": m.gap_or_null("gap_median"),
        "ipt_max": m.gap_or_null("gap_most"),
        "ipt_last": m.gap_or_null("gap_last"),
        "ipt_cv": m.coefficient_of_variation("gaps", "gap_sum", "gap_squares"),
        "regularity": m.GAP_SHAPE,
    }


_FEATURES = (
    Feature("ipt_mean", "Average number of days between purchases.", "days", low=1.0),
    Feature("ipt_median", "Usual number of days between purchases.", "days", 1.0),
    Feature("ipt_max", "Longest pause between two purchases.", "days", low=1.0),
    Feature("ipt_last", "Pause before the last purchase.", "days", low=1.0),
    Feature(
        "ipt_cv", "How uneven the pauses are: their standard deviation over their average.", "ratio"
    ),
    Feature(
        "regularity",
        "How regular the pauses are: 1 is random, above 1 is clockwork-like, below 1 comes in "
        "bursts.",
        "shape",
    ),
)
PART = FeatureFamily("timing", _FEATURES, _measures, _derive, steps=m.gap_steps())
