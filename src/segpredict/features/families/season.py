"""What the customer did in the season that is to be predicted, a year earlier."""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    FEATURE_SPANS,
    Measure,
    count_active_spans,
    count_orders,
    last_days,
    net_spend,
    null_if_uncovered,
    spend_measures,
    to_currency,
)
from segpredict.features.family import FeatureFamily

_MONTH, _YEAR = FEATURE_SPANS[0], FEATURE_SPANS[-1]


def _back(window: Window) -> int:
    """Return how far back the season begins: the last one that is wholly known."""
    years = -(-(window.gap + window.horizon) // _YEAR)
    return years * _YEAR - window.gap


def _measures(window: Window) -> Mapping[str, Measure]:
    season = last_days(window.horizon, skip=_back(window) - window.horizon)
    return {
        "season_orders": count_orders(season),
        **spend_measures("season", season),
        "orders": count_orders(),
        "periods": count_active_spans(_MONTH, _YEAR // _MONTH),
    }


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    back = _back(window)
    share = pl.col("season_orders") / pl.col("orders")
    return {
        "season_orders": null_if_uncovered(window, back, pl.col("season_orders")),
        "season_spend": null_if_uncovered(window, back, to_currency(net_spend("season"))),
        "season_share": null_if_uncovered(window, back, share),
        "months_active": pl.col("periods"),
    }


PART = FeatureFamily(
    name="season",
    features=(
        Feature(
            "season_orders",
            "Orders in the season to be predicted, one year (364 days) earlier.",
            "orders",
        ),
        Feature(
            "season_spend",
            "Spend less returns in the season to be predicted, one year earlier.",
            "currency",
            low=None,
        ),
        Feature(
            "season_share",
            "Share of all known orders that fell in that season a year earlier.",
            "share",
            high=1.0,
        ),
        Feature(
            "months_active",
            "Periods of 28 days with a purchase, out of the last 13.",
            "periods",
            high=13.0,
        ),
    ),
    measures=_measures,
    derive=_derive,
)
