"""Whether the customer buys the cheap or the expensive products of a category."""

import polars as pl

from segpredict.features.engine.side_rows import count_rows
from segpredict.features.family import Columns, Derived, FeatureFamily, Window, share

_TOP = 2 / 3


def _tiers(_: Window) -> Columns:
    percentile = pl.col("percentile")
    return {
        "priced_lines": pl.len().cast(pl.Int64),
        "price_median": percentile.median(),
        "price_top": count_rows(percentile > _TOP),
    }


def _derive(_: Window) -> Derived:
    lines = pl.col("priced_lines")
    return {
        share(
            "price_percentile",
            "Median percentile of what was bought among the prices of its category, from 0 "
            "(cheapest) to 1.",
        ): pl.col("price_median"),
        share(
            "price_top_share", "Share of order lines in the most expensive third of their category."
        ): pl.when(lines > 0).then(pl.col("price_top") / lines),
    }


PART = FeatureFamily(
    "price_tier",
    _derive,
    side_columns={"tiers": _tiers},
    required_columns=("prices",),
    is_default=False,
)
