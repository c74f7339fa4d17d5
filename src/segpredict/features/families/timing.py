"""The rhythm of buying: how long between purchase days, and how regular."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    GAP_MEAN,
    GAP_SHAPE,
    Measure,
    coefficient_of_variation,
    gap_measures,
    gap_or_null,
    gap_steps,
)
from segpredict.features.family import FeatureFamily


def _measures(_: Window) -> Mapping[str, Measure]:
    gap = partial(Measure, column="gap", rows="days", between=True)
    return {**gap_measures(), "gap_most": gap("most"), "gap_last": gap("last")}


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    return {
        "ipt_mean": GAP_MEAN,
        "ipt_median": gap_or_null("gap_median"),
        "ipt_max": gap_or_null("gap_most"),
        "ipt_last": gap_or_null("gap_last"),
        "ipt_cv": coefficient_of_variation("gaps", "gap_sum", "gap_squares"),
        "regularity": GAP_SHAPE,
    }


PART = FeatureFamily(
    name="timing",
    features=(
        Feature("ipt_mean", "Average number of days between purchases.", "days", low=1.0),
        Feature("ipt_median", "Usual number of days between purchases.", "days", 1.0),
        Feature("ipt_max", "Longest pause between two purchases.", "days", low=1.0),
        Feature("ipt_last", "Pause before the last purchase.", "days", low=1.0),
        Feature(
            "ipt_cv",
            "How uneven the pauses are: their standard deviation over their average.",
            "ratio",
        ),
        Feature(
            "regularity",
            "How regular the pauses are: 1 is random, above 1 is clockwork-like, "
            "below 1 comes in bursts.",
            "shape",
        ),
    ),
    measures=_measures,
    derive=_derive,
    steps=gap_steps(),
)
