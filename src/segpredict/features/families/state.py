"""The customer's current state, on windows as long as the outcome."""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    Measure,
    count_active_spans,
    count_purchase_days,
    days_since_last,
    last_days,
    net_spend,
    null_if_uncovered,
    spend_measures,
    to_currency,
)
from segpredict.features.family import FeatureFamily

_WINDOWS = 4


def _measures(window: Window) -> Mapping[str, Measure]:
    now, before = last_days(window.horizon), last_days(window.horizon, skip=window.horizon)
    return {
        "last_ago": days_since_last(),
        "windows_active": count_active_spans(window.horizon, _WINDOWS),
        "days_now": count_purchase_days(now),
        "days_before": count_purchase_days(before),
        **spend_measures("now", now),
        **spend_measures("before", before),
    }


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    two = 2 * window.horizon
    return {
        "windows_since": (pl.col("last_ago") - 1) // window.horizon,
        "windows_active": pl.col("windows_active"),
        "days_now": pl.col("days_now"),
        "spend_now": to_currency(net_spend("now")),
        "days_before": null_if_uncovered(window, two, pl.col("days_before")),
        "spend_before": null_if_uncovered(window, two, to_currency(net_spend("before"))),
        "observed_days": pl.lit(window.covered_days),
    }


PART = FeatureFamily(
    name="state",
    features=(
        Feature(
            "windows_since",
            "Whole outcome-length windows since the last purchase; 0 is active now.",
            "windows",
        ),
        Feature(
            "windows_active",
            "Windows with a purchase, out of the last four.",
            "windows",
            high=float(_WINDOWS),
        ),
        Feature("days_now", "Purchase days in the current window.", "days"),
        Feature("spend_now", "Spend less returns in the current window.", "currency", low=None),
        Feature("days_before", "Purchase days in the window before.", "days"),
        Feature("spend_before", "Spend less returns in the window before.", "currency", low=None),
        Feature(
            "observed_days", "Days of the look-back on which the shop was observed at all.", "days"
        ),
    ),
    measures=_measures,
    derive=_derive,
)
