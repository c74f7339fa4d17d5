"""The customer's current state, on windows as long as the outcome."""

from functools import partial

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window, net_money

_WINDOWS = 4


def _measures(window: Window) -> Measures:
    now, before = (m.last_days(window.horizon), m.last_days(window.horizon, skip=window.horizon))
    return {
        "last_ago": m.days_since_last(),
        "windows_active": m.Measure(
            "active", m.MeasureSpan(0, _WINDOWS * window.horizon, _WINDOWS)
        ),
        "days_now": m.count_purchase_days(now),
        "days_before": m.count_purchase_days(before),
        **m.spend_measures("now", now),
        **m.spend_measures("before", before),
    }


def _derive(window: Window) -> Derived:
    now, before = (m.to_currency(m.net_spend(name)) for name in ("now", "before"))
    earlier = partial(m.null_if_uncovered, window, 2 * window.horizon)
    days_before = earlier(pl.col("days_before"))
    return {
        Feature(
            "windows_since",
            "Whole outcome-length windows since the last purchase; 0 is active now.",
            "windows",
        ): (pl.col("last_ago") - 1) // window.horizon,
        Feature(
            "windows_active",
            "Windows with a purchase, out of the last four.",
            "windows",
            high=float(_WINDOWS),
        ): pl.col("windows_active"),
        Feature("days_now", "Purchase days in the current window.", "days"): pl.col("days_now"),
        net_money("spend_now", "Spend less returns in the current window."): now,
        Feature("days_before", "Purchase days in the window before.", "days"): days_before,
        net_money("spend_before", "Spend less returns in the window before."): earlier(before),
        Feature(
            "observed_days", "Days of the look-back on which the shop was observed at all.", "days"
        ): pl.lit(window.covered_days),
    }


PART = FeatureFamily("state", _derive, _measures)
