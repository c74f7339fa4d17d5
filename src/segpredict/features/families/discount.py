"""How often and how far the customer buys at a discount."""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.side_rows import count_rows
from segpredict.features.family import FeatureFamily, no_measures


def _reduced(_: Window) -> Mapping[str, pl.Expr]:
    return {
        "discount_known": pl.len().cast(pl.Int64),
        "discounted": count_rows(pl.col("discount") > 0),
        "discount": pl.col("discount").sum(),
        "discount_paid": pl.col("amount").sum(),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    lines, off = pl.col("discount_known"), pl.col("discount")
    full = pl.col("discount_paid") + off
    return {
        "discount_share": pl.when(lines > 0).then(pl.col("discounted") / lines),
        "discount_depth": pl.when(full > 0).then(off / full),
    }


PART = FeatureFamily(
    name="discount",
    features=(
        Feature(
            "discount_share",
            "Share of order lines with a discount, of those where it is known.",
            "share",
            high=1.0,
        ),
        Feature(
            "discount_depth",
            "Money off over the value without discount, in the look-back.",
            "share",
            high=1.0,
        ),
    ),
    measures=no_measures,
    derive=_derive,
    side_columns={"reduced": _reduced},
    required_columns=("discounts",),
)
