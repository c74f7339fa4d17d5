"""What the customer did in the web shop: sessions, views, carts."""

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.engine.side_rows import DAYS_AGO, total, within_days
from segpredict.features.family import Columns, FeatureFamily, Measures

_WEEK, _MONTH, _QUARTER = 7, 28, 91
_SPANS = (_WEEK, _MONTH, _QUARTER)


def _measures(_: Window) -> Measures:
    return {"orders_91": m.count_orders(m.last_days(_QUARTER))}


def _events(_: Window) -> Columns:
    quarter = within_days(_QUARTER)
    return {
        **{f"sessions_{n}": total("sessions", within_days(n)) for n in _SPANS},
        **{f"{kind}_91": total(kind, quarter) for kind in ("views", "carts", "searches")},
        "session_ago": pl.when(pl.col("sessions") > 0).then(DAYS_AGO).min(),
    }


def _if_recorded(kind: str, days: int, value: pl.Expr) -> pl.Expr:
    """Return the value, or null where that kind was not recorded that far back."""
    return pl.when(pl.col(f"{kind}_reach") >= days).then(value)


def _derive(_: Window) -> Columns:
    carts = pl.col("carts_91")
    bought = pl.when(carts > 0).then(pl.col("orders_91") / carts)
    counted = {
        f"web_{kind}_91": _if_recorded(kind, _QUARTER, pl.col(f"{kind}_91"))
        for kind in ("views", "carts", "searches")
    }
    visits = {
        f"web_sessions_{n}": _if_recorded("sessions", n, pl.col(f"sessions_{n}")) for n in _SPANS
    }
    return {
        **visits,
        **counted,
        "web_cart_to_order": _if_recorded("carts", _QUARTER, bought),
        "web_session_days": pl.col("session_ago"),
    }


_FEATURES = (
    *(
        Feature(f"web_sessions_{n}", f"Visits to the web shop in the last {n} days.", "sessions")
        for n in _SPANS
    ),
    Feature("web_views_91", "Products looked at in the last 91 days.", "views"),
    Feature("web_carts_91", "Products put into a cart in the last 91 days.", "carts"),
    Feature("web_searches_91", "Searches in the last 91 days.", "searches"),
    Feature(
        "web_cart_to_order",
        "Orders per product put into a cart, both in the last 91 days.",
        "ratio",
    ),
    Feature("web_session_days", "Days since the last visit to the web shop.", "days", 1),
)
PART = FeatureFamily(
    "web",
    _FEATURES,
    _measures,
    _derive,
    side_columns={"events": _events},
    required_columns=("events",),
)
