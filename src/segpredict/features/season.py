"""What the customer did in the season that is to be foretold, a year before."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    SPANS,
    Measure,
    active,
    if_seen,
    money,
    net,
    orders,
    past,
    spent,
)
from segpredict.tables import Feature
from segpredict.window import Window

_MONTH, _YEAR = SPANS[0], SPANS[-1]


def _back(window: Window) -> int:
    """Return how far back the season begins: the last one that is wholly known."""
    years = -(-(window.gap + window.horizon) // _YEAR)
    return years * _YEAR - window.gap


def _measures(window: Window) -> Mapping[str, Measure]:
    season = past(window.horizon, skip=_back(window) - window.horizon)
    return {
        "season_orders": orders(season),
        **spent("season", season),
        "orders": orders(),
        "periods": active(_MONTH, _YEAR // _MONTH),
    }


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    back = _back(window)
    share = pl.col("season_orders") / pl.col("orders")
    return {
        "season_orders": if_seen(window, back, pl.col("season_orders")),
        "season_spend": if_seen(window, back, money(net("season"))),
        "season_share": if_seen(window, back, share),
        "months_active": pl.col("periods"),
    }


PART = Family(
    name="season",
    features=(
        Feature(
            "season_orders",
            "Orders in the season to be foretold, one year (364 days) earlier.",
            "orders",
        ),
        Feature(
            "season_spend",
            "Spend less returns in the season to be foretold, one year earlier.",
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
