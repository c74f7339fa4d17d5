"""Whether the customer buys the cheap or the expensive products of a category."""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.side_rows import count_rows
from segpredict.features.family import FeatureFamily, no_measures

_TOP = 2 / 3


def _tiers(_: Window) -> Mapping[str, pl.Expr]:
    percentile = pl.col("percentile")
    return {
        "priced_lines": pl.len().cast(pl.Int64),
        "price_median": percentile.median(),
        "price_top": count_rows(percentile > _TOP),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    lines = pl.col("priced_lines")
    return {
        "price_percentile": pl.col("price_median"),
        "price_top_share": pl.when(lines > 0).then(pl.col("price_top") / lines),
    }


PART = FeatureFamily(
    name="price_tier",
    features=(
        Feature(
            "price_percentile",
            "Median percentile of what was bought among the prices of its category, from 0 "
            "(cheapest) to 1.",
            "share",
            high=1.0,
        ),
        Feature(
            "price_top_share",
            "Share of order lines in the most expensive third of their category.",
            "share",
            high=1.0,
        ),
    ),
    measures=no_measures,
    derive=_derive,
    side_columns={"tiers": _tiers},
    required_columns=("prices",),
    is_default=False,
)
