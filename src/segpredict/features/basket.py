"""What an order of the customer looks like: its size, its value, its spread."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    IS_ORDER,
    count,
    money,
    orders,
    spread,
    squares,
    total,
    within,
)
from segpredict.tables import MONEY, Feature
from segpredict.window import Window


def _measures(window: Window) -> Mapping[str, pl.Expr]:
    bought = IS_ORDER & within(window.lookback)
    gross = pl.col("gross")
    return {
        "orders_lookback": orders(within(window.lookback)),
        "gross_lookback": total("net", bought),
        "gross_squares": squares("net", bought),
        "lines": total("lines", bought),
        "units": total("units", bought),
        "products": total("products", bought),
        "orders_named": count(bought & (pl.col("products") > 0)),
        "gross_max": pl.when(bought).then(gross).max(),
        # Rows stand in order of time within a customer.
        "gross_last": gross.last(ignore_nulls=True),
        "gross_first": gross.first(ignore_nulls=True),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    n, named = pl.col("orders_lookback"), pl.col("orders_named")
    return {
        "lines_per_order": pl.col("lines") / n,
        "units_per_order": pl.col("units") / (n * MONEY),
        "products_per_order": pl.when(named > 0).then(pl.col("products") / named),
        "order_max": money("gross_max"),
        "order_last": money("gross_last"),
        "order_first": money("gross_first"),
        "order_cv": spread("orders_lookback", "gross_lookback", "gross_squares"),
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
