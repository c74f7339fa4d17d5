"""What the customer did in the web shop: sessions, views, carts."""

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.engine.side_rows import DAYS_AGO, total, within_days
from segpredict.features.family import Columns, Derived, Feature, FeatureFamily, Window

_WEEK, _MONTH, _QUARTER = 7, 28, 91
_SPANS = (_WEEK, _MONTH, _QUARTER)
_KINDS = {
    "views": "Products looked at",
    "carts": "Products put into a cart",
    "searches": "Searches",
}


def _events(_: Window) -> Columns:
    quarter = within_days(_QUARTER)
    return {
        **{f"sessions_{n}": total("sessions", within_days(n)) for n in _SPANS},
        **{f"{kind}_91": total(kind, quarter) for kind in _KINDS},
        "session_ago": pl.when(pl.col("sessions") > 0).then(DAYS_AGO).min(),
    }


def _if_recorded(kind: str, days: int, value: pl.Expr) -> pl.Expr:
    """Return the value, or null where that kind was not recorded that far back."""
    return pl.when(pl.col(f"{kind}_reach") >= days).then(value)


def _derive(_: Window) -> Derived:
    carts = pl.col("carts_91")
    visits = {
        Feature(
            f"web_sessions_{n}", f"Visits to the web shop in the last {n} days.", "sessions"
        ): _if_recorded("sessions", n, pl.col(f"sessions_{n}"))
        for n in _SPANS
    }
    counted = {
        Feature(f"web_{kind}_91", f"{what} in the last 91 days.", kind): _if_recorded(
            kind, _QUARTER, pl.col(f"{kind}_91")
        )
        for kind, what in _KINDS.items()
    }
    return {
        **visits,
        **counted,
        Feature(
            "web_cart_to_order",
            "Orders per product put into a cart, both in the last 91 days.",
            "ratio",
        ): _if_recorded("carts", _QUARTER, pl.when(carts > 0).then(pl.col("orders_91") / carts)),
        Feature(
            "web_session_days", "Days since the last visit to the web shop.", "days", 1
        ): pl.col("session_ago"),
    }


PART = FeatureFamily(
    "web",
    _derive,
    lambda _: {"orders_91": m.count_orders(m.last_days(_QUARTER))},
    side_columns={"events": _events},
    required_columns=("events",),
)
