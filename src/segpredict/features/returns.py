"""What the customer sent back. Orders wholly refunded are no orders and not here."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    AGO,
    IS_ORDER,
    count,
    orders,
    total,
    within,
)
from segpredict.tables import Feature
from segpredict.window import Window

_IS_RETURN = ~IS_ORDER


def _measures(window: Window) -> Mapping[str, pl.Expr]:
    lookback = within(window.lookback)
    return {
        "orders_lookback": orders(lookback),
        "gross_lookback": total("net", IS_ORDER & lookback),
        "returned": total("net", _IS_RETURN & lookback),
        "credits": count(_IS_RETURN & lookback),
        "return_ago": pl.when(_IS_RETURN).then(AGO).min(),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    spent, back = pl.col("gross_lookback"), -pl.col("returned")
    return {
        "return_share": pl.when(spent > 0).then(back.clip(lower_bound=0) / spent),
        "return_rate": pl.col("credits") / pl.col("orders_lookback"),
        "return_days": pl.col("return_ago"),
    }


PART = Family(
    name="returns",
    features=(
        Feature(
            "return_share",
            "Value returned over value bought, both in the look-back.",
            "ratio",
        ),
        Feature(
            "return_rate", "Credit notes per order, both in the look-back.", "ratio"
        ),
        Feature("return_days", "Days since the last return.", "days", 1.0),
    ),
    measures=_measures,
    derive=_derive,
    needs=("returns",),
)
