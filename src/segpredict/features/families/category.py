"""How the customer's purchases spread over categories."""

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Columns, Derived, Feature, FeatureFamily, Window, share


def _groups(_: Window) -> Columns:
    lines = pl.col("lines")
    return {
        "categories": pl.len().cast(pl.Int64),
        "category_lines": lines.sum(),
        "category_top": lines.max(),
        # Whole numbers of 10⁻⁹, so that the sum is equal in any order of rows.
        "category_logs": (lines * lines.log() * m.LOG_SCALE).round().cast(pl.Int64).sum(),
    }


def _derive(_: Window) -> Derived:
    n, number = pl.col("category_lines"), pl.col("categories")
    spread = n.log() - pl.col("category_logs") / (n * m.LOG_SCALE)
    known = pl.when(number > 0)
    return {
        Feature(
            "categories_unique",
            "Number of different categories bought from in the look-back.",
            "categories",
            1.0,
        ): known.then(number),
        Feature(
            "category_entropy",
            "How evenly order lines spread over categories: -Σ p ln p, zero for one category "
            "alone.",
            "nats",
        ): known.then(pl.when(number > 1).then(spread).otherwise(0.0)),
        share(
            "category_top_share", "Share of order lines in the category bought most."
        ): known.then(pl.col("category_top") / n),
    }


PART = FeatureFamily(
    "category", _derive, side_columns={"groups": _groups}, required_columns=("categories",)
)
