"""What an order of the customer looks like: its size, its value, its spread."""

import polars as pl

from segpredict.core.transactions import MONEY_SCALE
from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window


def _measures(window: Window) -> Measures:
    lookback = m.last_days(window.lookback)
    return {
        "orders_lookback": m.count_orders(lookback),
        "paid_lookback": m.sum_orders("net", lookback),
        "paid_squares": m.Measure("squares", lookback, "net"),
        "lines": m.sum_orders("lines", lookback),
        "units": m.sum_orders("units", lookback),
        "products": m.sum_orders("products", lookback),
        "orders_named": m.sum_orders("is_named", lookback),
        "paid_most": m.Measure("most", lookback, "net"),
        "paid_last": m.Measure("last", column="net"),
        "paid_first": m.Measure("first", column="net"),
    }


def _derive(_: Window) -> Derived:
    n, named = pl.col("orders_lookback"), pl.col("orders_named")
    lines, pieces = pl.col("lines") / n, pl.col("units") / (n * MONEY_SCALE)
    first = m.to_currency("paid_first")
    return {
        Feature("lines_per_order", "Average number of lines of an order.", "lines", 1): lines,
        Feature("units_per_order", "Average number of pieces in an order.", "pieces"): pieces,
        Feature(
            "products_per_order", "Average number of different products in an order.", "products", 1
        ): pl.when(named > 0).then(pl.col("products") / named),
        Feature(
            "order_max", "Value of the largest order in the look-back.", "currency"
        ): m.to_currency("paid_most"),
        Feature("order_last", "Value of the last order.", "currency"): m.to_currency("paid_last"),
        Feature("order_first", "Value of the first known order.", "currency"): first,
        Feature(
            "order_cv",
            "How uneven the order values are: their standard deviation over their average.",
            "ratio",
        ): m.coefficient_of_variation("orders_lookback", "paid_lookback", "paid_squares"),
    }


PART = FeatureFamily("basket", _derive, _measures)
