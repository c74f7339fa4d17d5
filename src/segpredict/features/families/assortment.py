"""Which products the customer buys: how many different ones, how often new ones."""

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window, share

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


def _derive(window: Window) -> Derived:
    lines, newest = pl.col("named_lookback"), pl.col("named_recent")
    unique = lines - pl.col("again_lookback")
    recent, new = newest - pl.col("again_recent"), newest - pl.col("again_ever")
    new_rate = pl.when(recent > 0).then(new / recent)
    return {
        Feature(
            "products_unique",
            "Number of different products bought in the look-back.",
            "products",
            1.0,
        ): pl.when(lines > 0).then(unique),
        share(
            "product_repeat_rate",
            "Share of order lines that repeat a product: one minus different products over lines.",
        ): pl.when(lines > 0).then(1 - unique / lines),
        share(
            "product_new_rate",
            "Share of the products bought in the last 91 days that the customer had not bought "
            "before.",
        ): m.null_if_uncovered(window, 2 * _QUARTER, new_rate),
    }


PART = FeatureFamily("assortment", _derive, _measures, required_columns=("products",))
