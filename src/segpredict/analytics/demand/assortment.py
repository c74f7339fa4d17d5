"""Affinity index of segments to products and categories, and product suggestions."""

from collections.abc import Sequence

import polars as pl
from scipy import stats

from segpredict.analytics.demand.sales import NO_CATEGORY, PRODUCT_LEVEL, WindowSales
from segpredict.core.intervals import Z_95
from segpredict.core.segment import Segment
from segpredict.segmentation import category_indices

MAX_SUGGESTIONS = 10  # suggested products per segment
AFFINITY_INDEX_SCHEMA = {
    **dict.fromkeys(("level", "segment_id", "item"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("share", "index", "low", "high"), pl.Float64),
    "is_significant": pl.Boolean,
}


def affinity_index(window: WindowSales, segments: Sequence[Segment], level: str) -> pl.DataFrame:
    """Return the index of each segment and item (`AFFINITY_INDEX_SCHEMA`).

    That of `segmentation.category_indices`, with 95 % intervals for all cells together
    (Bonferroni).
    """
    own = pl.col(level).is_not_null() & (pl.col(level) != NO_CATEGORY)
    bought = (
        window.purchases.filter(own & pl.col("segment").is_not_null())
        .group_by("customer_id", "segment", category=level)
        .agg(pl.col("lines").sum())
    )
    found = category_indices(bought, segments)
    wide = stats.norm.isf(0.025 / max(found.height, 1)) / Z_95
    index = pl.col("index")
    low = index * ((pl.col("low") / index).log() * wide).exp()
    high = index * ((pl.col("high") / index).log() * wide).exp()
    named = found.with_columns(level=pl.lit(level), segment_id="id", item="category")
    is_significant = (low > 1) | (high < 1)
    return named.with_columns(low=low, high=high, is_significant=is_significant).select(
        list(AFFINITY_INDEX_SCHEMA)
    )


def suggest_products(products: pl.DataFrame) -> pl.DataFrame:
    """Return the products most surely above 1, at most ten per segment."""
    return (
        products.filter((pl.col("level") == PRODUCT_LEVEL) & (pl.col("low") > 1))
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("segment_id"))
        .filter(pl.col("rank") <= MAX_SUGGESTIONS)
    )
