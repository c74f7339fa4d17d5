"""The rhythm of buying: how long between purchase days, and how regular."""

from functools import partial

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window


def _measures(window: Window) -> Measures:
    gap = partial(m.Measure, column="gap", rows="days", between=True)
    return {**m.gap_measures(window), "gap_most": gap("most"), "gap_last": gap("last")}


def _derive(_: Window) -> Derived:
    longest, last = m.gap_or_null("gap_most"), m.gap_or_null("gap_last")
    uneven = m.coefficient_of_variation("gaps", "gap_sum", "gap_squares")
    return {
        Feature(
            "ipt_mean", "Average number of days between purchases.", "days", low=1.0
        ): m.GAP_MEAN,
        Feature(
            "ipt_median", "Usual number of days between purchases.", "days", 1.0
        ): m.gap_or_null("gap_median"),
        Feature("ipt_max", "Longest pause between two purchases.", "days", low=1.0): longest,
        Feature("ipt_last", "Pause before the last purchase.", "days", low=1.0): last,
        Feature(
            "ipt_cv",
            "How uneven the pauses are: their standard deviation over their average.",
            "ratio",
        ): uneven,
        Feature(
            "regularity",
            "How regular the pauses are: 1 is random, above 1 is clockwork-like, below 1 comes in "
            "bursts.",
            "shape",
        ): m.GAP_SHAPE,
    }


PART = FeatureFamily("timing", _derive, _measures, steps=m.gap_steps())
