"""What an order of the customer looks like: its size, its value, its spread."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    Measure,
    money,
    orders,
    past,
    spread,
    total,
)
from segpredict.tables import MONEY, Feature
from segpredict.window import Window


def _measures(window: Window) -> Mapping[str, Measure]:
    lookback = past(window.lookback)
    return {
        "orders_lookback": orders(lookback),
        "paid_lookback": total("net", lookback),
        "paid_squares": Measure("squares", "net", lookback),
        "lines": total("lines", lookback),
        "units": total("units", lookback),
        "products": total("products", lookback),
        "orders_named": total("is_named", lookback),
        "paid_most": Measure("most", "net", lookback),
        "paid_last": Measure("last", "net"),
        "paid_first": Measure("first", "net"),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    n, named = pl.col("orders_lookback"), pl.col("orders_named")
    return {
        "lines_per_order": pl.col("lines") / n,
        "units_per_order": pl.col("units") / (n * MONEY),
        "products_per_order": pl.when(named > 0).then(pl.col("products") / named),
        "order_max": money("paid_most"),
        "order_last": money("paid_last"),
        "order_first": money("paid_first"),
        "order_cv": spread("orders_lookback", "paid_lookback", "paid_squares"),
    }


PART = Family(
    name="basket",
    features=(
        Feature("lines_per_order", "Average number of lines of an order.", "lines", 1),
        Feature("units_per_order", "Average number of pieces in an order.", "pieces"),
        Feature(
            "products_per_order",
            "Average number of different products in an order.",
            "products",
            1,
        ),
        Feature(
            "order_max",
            "Value of the largest order in the look-back.",
            "currency",
        ),
        Feature("order_last", "Value of the last order.", "currency"),
        Feature("order_first", "Value of the first known order.", "currency"),
        Feature(
            "order_cv",
            "How uneven the order values are: their standard deviation over their "
            "average.",
            "ratio",
        ),
    ),
    measures=_measures,
    derive=_derive,
)
