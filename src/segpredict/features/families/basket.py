"""What an order of the customer looks like: its size, its value, its spread."""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    Measure,
    coefficient_of_variation,
    count_orders,
    last_days,
    sum_orders,
    to_currency,
)
from segpredict.features.family import FeatureFamily


def _measures(window: Window) -> Mapping[str, Measure]:
    lookback = last_days(window.lookback)
    return {
        "orders_lookback": count_orders(lookback),
        "paid_lookback": sum_orders("net", lookback),
        "paid_squares": Measure("squares", "net", lookback),
        "lines": sum_orders("lines", lookback),
        "units": sum_orders("units", lookback),
        "products": sum_orders("products", lookback),
        "orders_named": sum_orders("is_named", lookback),
        "paid_most": Measure("most", "net", lookback),
        "paid_last": Measure("last", "net"),
        "paid_first": Measure("first", "net"),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    n, named = pl.col("orders_lookback"), pl.col("orders_named")
    return {
        "lines_per_order": pl.col("lines") / n,
        "units_per_order": pl.col("units") / (n * MONEY_SCALE),
        "products_per_order": pl.when(named > 0).then(pl.col("products") / named),
        "order_max": to_currency("paid_most"),
        "order_last": to_currency("paid_last"),
        "order_first": to_currency("paid_first"),
        "order_cv": coefficient_of_variation("orders_lookback", "paid_lookback", "paid_squares"),
    }


PART = FeatureFamily(
    name="basket",
    features=(
        Feature("lines_per_order", "Average number of lines of an order.", "lines", 1),
        Feature("units_per_order", "Average number of pieces in an order.", "pieces"),
        Feature(
            "products_per_order", "Average number of different products in an order.", "products", 1
        ),
        Feature("order_max", "Value of the largest order in the look-back.", "currency"),
        Feature("order_last", "Value of the last order.", "currency"),
        Feature("order_first", "Value of the first known order.", "currency"),
        Feature(
            "order_cv",
            "How uneven the order values are: their standard deviation over their average.",
            "ratio",
        ),
    ),
    measures=_measures,
    derive=_derive,
)
