"""Where the customer stands now, on windows as long as the outcome."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    Measure,
    active,
    days,
    if_seen,
    money,
    net,
    past,
    since_last,
    spent,
)
from segpredict.tables import Feature
from segpredict.window import Window

_WINDOWS = 4


def _measures(window: Window) -> Mapping[str, Measure]:
    now, before = past(window.horizon), past(window.horizon, skip=window.horizon)
    return {
        "last_ago": since_last(),
        "windows_active": active(window.horizon, _WINDOWS),
        "days_now": days(now),
        "days_before": days(before),
        **spent("now", now),
        **spent("before", before),
    }


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    two = 2 * window.horizon
    return {
        "windows_since": (pl.col("last_ago") - 1) // window.horizon,
        "windows_active": pl.col("windows_active"),
        "days_now": pl.col("days_now"),
        "spend_now": money(net("now")),
        "days_before": if_seen(window, two, pl.col("days_before")),
        "spend_before": if_seen(window, two, money(net("before"))),
        "observed_days": pl.lit(window.observed_days),
    }


PART = Family(
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
        Feature(
            "spend_now",
            "Spend less returns in the current window.",
            "currency",
            low=None,
        ),
        Feature("days_before", "Purchase days in the window before.", "days"),
        Feature(
            "spend_before",
            "Spend less returns in the window before.",
            "currency",
            low=None,
        ),
        Feature(
            "observed_days",
            "Days of the look-back on which the shop was observed at all.",
            "days",
        ),
    ),
    measures=_measures,
    derive=_derive,
)
