"""The three statistics of buy-till-you-die models: x, t_x and T (here ``age_days``).

Their "recency" is the time from the first to the last purchase; `rfm`'s, since the last one.
"""

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window


def _measures(_: Window) -> Measures:
    return {
        "days": m.count_purchase_days(),
        "last_ago": m.days_since_last(),
        "first_ago": m.days_since_first(),
    }


def _derive(_: Window) -> Derived:
    age = pl.col("first_ago")
    return {
        Feature(
            "x_days",
            "Days with a purchase after the first: how often the customer returned.",
            "days",
        ): pl.col("days") - 1,
        Feature("t_x_days", "Days between the first and the last known purchase.", "days"): age
        - pl.col("last_ago"),
        Feature("age_days", "Days since the first known purchase.", "days", 1.0): age,
    }


PART = FeatureFamily("btyd", _derive, _measures)
