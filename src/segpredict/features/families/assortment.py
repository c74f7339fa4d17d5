"""Which products the customer buys: how many different ones, how often new ones."""

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.family import Columns, FeatureFamily, Measures, share

_QUARTER = m.FEATURE_SPANS[1]


def _measures(window: Window) -> Measures:
    lookback, quarter = m.last_days(window.lookback), m.last_days(_QUARTER)
    return {
        "named_lookback": m.sum_orders("named", lookback),
        "named_recent": m.sum_orders("named", quarter),
        "again_lookback": m.count_repeats(lookback, of=lookback),
        "again_recent": m.count_repeats(quarter, of=quarter),
        "again_ever": m.count_repeats(quarter),
    }


def _derive(window: Window) -> Columns:
    lines, newest = pl.col("named_lookback"), pl.col("named_recent")
    unique = lines - pl.col("again_lookback")
    recent, new = newest - pl.col("again_recent"), newest - pl.col("again_ever")
    new_rate = pl.when(recent > 0).then(new / recent)
    return {
        "products_unique": pl.when(lines > 0).then(unique),
        "product_repeat_rate": pl.when(lines > 0).then(1 - unique / lines),
        "product_new_rate": m.null_if_uncovered(window, 2 * _QUARTER, new_rate),
    }


_FEATURES = (
    Feature(
        "products_unique", "Number of different products bought in the look-back.", "products", 1.0
    ),
    share(
        "product_repeat_rate",
        "Share of order lines that repeat a product: one minus different products over lines.",
    ),
    share(
        "product_new_rate",
        "Share of the products bought in the last 91 days that the customer had not bought before.",
    ),
)
PART = FeatureFamily("assortment", _FEATURES, _measures, _derive, required_columns=("products",))
