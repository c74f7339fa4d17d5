"""How often and how far the customer buys at a discount."""

import polars as pl

from segpredict.features.engine.side_rows import count_rows
from segpredict.features.family import Columns, Derived, FeatureFamily, Window, share


def _reduced(_: Window) -> Columns:
    return {
        "discount_known": pl.len().cast(pl.Int64),
        "discounted": count_rows(pl.col("discount") > 0),
        "discount": pl.col("discount").sum(),
        "discount_paid": pl.col("amount").sum(),
    }


def _derive(_: Window) -> Derived:
    lines, off = pl.col("discount_known"), pl.col("discount")
    full = pl.col("discount_paid") + off
    return {
        share(
            "discount_share", "Share of order lines with a discount, of those where it is known."
        ): pl.when(lines > 0).then(pl.col("discounted") / lines),
        share(
            "discount_depth", "Money off over the value without discount, in the look-back."
        ): pl.when(full > 0).then(off / full),
    }


PART = FeatureFamily(
    "discount", _derive, side_columns={"reduced": _reduced}, required_columns=("discounts",)
)
