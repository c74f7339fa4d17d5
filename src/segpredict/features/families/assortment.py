"""Which products the customer buys: how many different ones, how often new ones."""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    FEATURE_SPANS,
    Measure,
    count_repeats,
    last_days,
    null_if_uncovered,
    sum_orders,
)
from segpredict.features.family import FeatureFamily

_QUARTER = FEATURE_SPANS[1]


def _measures(window: Window) -> Mapping[str, Measure]:
    lookback, quarter = last_days(window.lookback), last_days(_QUARTER)
    return {
        "named_lookback": sum_orders("named", lookback),
        "named_recent": sum_orders("named", quarter),
        "again_lookback": count_repeats(lookback, of=lookback),
        "again_recent": count_repeats(quarter, of=quarter),
        "again_ever": count_repeats(quarter),
    }


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    lines, newest = pl.col("named_lookback"), pl.col("named_recent")
    unique = lines - pl.col("again_lookback")
    recent, new = newest - pl.col("again_recent"), newest - pl.col("again_ever")
    repeat_rate = pl.when(lines > 0).then(1 - unique / lines)
    new_rate = pl.when(recent > 0).then(new / recent)
    return {
        "products_unique": pl.when(lines > 0).then(unique),
        "product_repeat_rate": repeat_rate,
        "product_new_rate": null_if_uncovered(window, 2 * _QUARTER, new_rate),
    }


PART = FeatureFamily(
    name="assortment",
    features=(
        Feature(
            "products_unique",
            "Number of different products bought in the look-back.",
            "products",
            1.0,
        ),
        Feature(
            "product_repeat_rate",
            "Share of order lines that repeat a product: one minus different products over lines.",
            "share",
            high=1.0,
        ),
        Feature(
            "product_new_rate",
            "Share of the products bought in the last 91 days that the customer had "
            "not bought before.",
            "share",
            high=1.0,
        ),
    ),
    measures=_measures,
    derive=_derive,
    required_columns=("products",),
)
