"""Whether the customer buys the cheap or the expensive products of a category."""

import polars as pl

from segpredict.core.window import Window
from segpredict.features.engine.side_rows import count_rows
from segpredict.features.family import Columns, FeatureFamily, no_measures, share

_TOP = 2 / 3


def _tiers(_: Window) -> Columns:
    percentile = pl.col("percentile")
    return {
        "priced_lines": pl.len().cast(pl.Int64),
        "price_median": percentile.median(),
        "price_top": count_rows(percentile > _TOP),
    }


def _derive(_: Window) -> Columns:
    lines = pl.col("priced_lines")
    return {
        "price_percentile": pl.col("price_median"),
        "price_top_share": pl.when(lines > 0).then(pl.col("price_top") / lines),
    }


_FEATURES = (
    share(
        "price_percentile",
        "Median percentile of what was bought among the prices of its category, from 0 "
        "(cheapest) to 1.",
    ),
    share("price_top_share", "Share of order lines in the most expensive third of their category."),
)
PART = FeatureFamily(
    "price_tier",
    _FEATURES,
    no_measures,
    _derive,
    side_columns={"tiers": _tiers},
    required_columns=("prices",),
    is_default=False,
)
