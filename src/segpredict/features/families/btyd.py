"""The three statistics of buy-till-you-die models: x, t_x and T.

In this literature "recency" is the time from the first to the last purchase; here that
is ``t_x_days``, and ``recency_days`` is the time since the last one (family rfm).
``age_days`` is their T.
"""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    Measure,
    count_purchase_days,
    days_since_first,
    days_since_last,
)
from segpredict.features.family import FeatureFamily


def _measures(_: Window) -> Mapping[str, Measure]:
    return {
        "days": count_purchase_days(),
        "last_ago": days_since_last(),
        "first_ago": days_since_first(),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    return {
        "x_days": pl.col("days") - 1,
        "t_x_days": pl.col("first_ago") - pl.col("last_ago"),
        "age_days": pl.col("first_ago"),
    }


PART = FeatureFamily(
    name="btyd",
    features=(
        Feature(
            "x_days",
            "Days with a purchase after the first: how often the customer returned.",
            "days",
        ),
        Feature("t_x_days", "Days between the first and the last known purchase.", "days"),
        Feature("age_days", "Days since the first known purchase.", "days", 1.0),
    ),
    measures=_measures,
    derive=_derive,
)
