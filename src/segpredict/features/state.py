"""Where the customer stands now, measured as the outcome will be measured."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    IS_ORDER,
    days,
    if_seen,
    money,
    since_last,
    total,
    within,
)
from segpredict.tables import Feature
from segpredict.window import Window

_WINDOWS = 4


def _measures(window: Window) -> Mapping[str, pl.Expr]:
    now, before = within(window.horizon), within(window.horizon, skip=window.horizon)
    return {
        "last_ago": since_last(),
        **{f"active_{i}": _active(window, i) for i in range(_WINDOWS)},
        "days_now": days(now),
        "days_before": days(before),
        "net_now": total("net", now),
        "net_before": total("net", before),
    }


def _active(window: Window, back: int) -> pl.Expr:
    inside = within(window.horizon, skip=back * window.horizon)
    return (IS_ORDER & inside).any().cast(pl.Int64)


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    two = 2 * window.horizon
    active = [pl.col(f"active_{i}") for i in range(_WINDOWS)]
    return {
        "windows_since": (pl.col("last_ago") - 1) // window.horizon,
        "windows_active": pl.sum_horizontal(active),
        "days_now": pl.col("days_now"),
        "spend_now": money("net_now"),
        "days_before": if_seen(window, two, pl.col("days_before")),
        "spend_before": if_seen(window, two, money("net_before")),
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
