"""What each segment buys more of than others do, and which products to show it."""

from collections.abc import Sequence

import polars as pl
from scipy import stats

from segpredict.core.intervals import Z
from segpredict.demand.sales import NOWHERE, PRODUCT, Sales
from segpredict.segments import indices
from segpredict.tables import Segment

SUGGESTED = 10  # products to show to a segment
INDICES = {
    "level": pl.String,
    "segment_id": pl.String,
    "item": pl.String,
    "n": pl.Int64,
    "share": pl.Float64,
    "index": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "is_sure": pl.Boolean,
}


def assortment(window: Sales, segments: Sequence[Segment], level: str) -> pl.DataFrame:
    """Return the index of each segment and item (`INDICES`).

    Parameters
    ----------
    window
        What was sold, and to whom.
    segments
        All segments.
    level
        ``category`` or ``product``.

    Notes
    -----
    The index is that of `segments.indices`: an item's share of the segment's order
    lines over its share of all. Intervals are of 95 % for all cells of the table
    together (Bonferroni): among thousands of products some would stand out by chance.
    """
    own = pl.col(level).is_not_null() & (pl.col(level) != NOWHERE)
    bought = (
        window.bought.filter(own & pl.col("segment").is_not_null())
        .group_by("customer_id", "segment", category=level)
        .agg(pl.col("lines").sum())
    )
    found = indices(bought, segments)
    wide = stats.norm.isf(0.025 / max(found.height, 1)) / Z
    index = pl.col("index")
    low = index * ((pl.col("low") / index).log() * wide).exp()
    high = index * ((pl.col("high") / index).log() * wide).exp()
    return found.with_columns(
        level=pl.lit(level),
        segment_id="id",
        item="category",
        low=low,
        high=high,
        is_sure=(low > 1) | (high < 1),
    ).select(list(INDICES))


def suggestions(products: pl.DataFrame) -> pl.DataFrame:
    """Return the products that stand out most surely above 1, at most ten a segment.

    Parameters
    ----------
    products
        `assortment` by product.
    """
    return (
        products.filter((pl.col("level") == PRODUCT) & (pl.col("low") > 1))
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("segment_id")
        )
        .filter(pl.col("rank") <= SUGGESTED)
    )
