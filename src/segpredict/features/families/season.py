"""What the customer did in the season that is to be predicted, a year earlier."""

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.family import Columns, FeatureFamily, Measures, net_money, share

_MONTH, _YEAR = m.FEATURE_SPANS[0], m.FEATURE_SPANS[-1]


def _back(window: Window) -> int:
    """Return how far back the season begins: the last one that is wholly known."""
    years = -(-(window.gap + window.horizon) // _YEAR)
    return years * _YEAR - window.gap


def _measures(window: Window) -> Measures:
    season = m.last_days(window.horizon, skip=_back(window) - window.horizon)
    return {
        "season_orders": m.count_orders(season),
        **m.spend_measures("season", season),
        "orders": m.count_orders(),
        "periods": m.count_active_spans(_MONTH, _YEAR // _MONTH),
    }


def _derive(window: Window) -> Columns:
    back = _back(window)
    portion = pl.col("season_orders") / pl.col("orders")
    return {
        "season_orders": m.null_if_uncovered(window, back, pl.col("season_orders")),
        "season_spend": m.null_if_uncovered(window, back, m.to_currency(m.net_spend("season"))),
        "season_share": m.null_if_uncovered(window, back, portion),
        "months_active": pl.col("periods"),
    }


_FEATURES = (
    Feature(
        "season_orders",
        "Orders in the season to be predicted, one year (364 days) earlier.",
        "orders",
    ),
    net_money(
        "season_spend", "Spend less returns in the season to be predicted, one year earlier."
    ),
    share("season_share", "Share of all known orders that fell in that season a year earlier."),
    Feature(
        "months_active",
        "Periods of 28 days with a purchase, out of the last 13.",
        "periods",
        high=13.0,
    ),
)
PART = FeatureFamily("season", _FEATURES, _measures, _derive)
