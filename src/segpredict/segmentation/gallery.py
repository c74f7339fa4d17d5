"""The segments' cards, measured on the shop at the end of its data."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from segpredict import features
from segpredict import segmentation as rooms
from segpredict.core.tables import INACTIVE_CODE, Transactions
from segpredict.core.window import Window
from segpredict.segmentation import Segmentation, SegmentDescription


def segment_profiles(
    transactions: Transactions,
    segmentation: Segmentation,
    window: Window,
    tables: Mapping[str, pl.DataFrame],
    affinity_level: str = "category",
) -> list[dict[str, Any]]:
    """Return all there is to say of each segment, as plain values.

    Parameters
    ----------
    transactions
        The shop.
    segmentation
        Its frozen segmenter.
    window
        The question asked at the end of the data.
    tables
        ``profile`` and, if known, ``migration`` (`overview.segment_tables`).
    affinity_level
        What stands out in what they buy: ``category``, where the products table has
        one, ``product`` for single products, or ``none``.
    """
    span = (window.cutoff - window.horizon, window.cutoff)
    rows = features.clustering_inputs(transactions, [span], segmentation.extra_inputs)
    assigned = segmentation.assign(rows).select("customer_id", "segment")
    rows = rows.sort("customer_id")
    codes = assigned.sort("customer_id")["segment"]
    places = rows.select(axis.standardized for axis in segmentation.axes)
    found = rooms.profile_cards(
        segmentation.segments,
        tables["profile"],
        _rules(segmentation, rows, codes, window, transactions.currency),
        members=rooms.typical_customers(rows, places, codes),
        affinity=rooms.distinctive_categories(
            _bought(transactions, span, assigned, affinity_level), segmentation.segments
        ),
        transitions=tables.get("migration"),
    )
    steady = {value.code: value.stability for value in segmentation.values}
    return [{**card, "stability": steady[card["code"]]} for card in found]


def _rules(
    segmentation: Segmentation,
    rows: pl.DataFrame,
    codes: pl.Series,
    window: Window,
    currency: str,
) -> list[SegmentDescription]:
    """Return a rule a segment: what it means where a rule made it, else the tree's."""
    exact = {
        INACTIVE_CODE: f"bought in the last {window.lookback} days, but not in the last "
        f"{window.horizon}"
    }
    by_id = {segment.id: segment.code for segment in segmentation.segments}
    for rule in segmentation.segment_rules:
        told = rooms.threshold_text(rule.column, rule.min_value, window.horizon, currency)
        exact[by_id[rule.id]] = told
    grown = rooms.describe_segments(rows, codes, segmentation.k, window.horizon, currency)
    known = {rule.code: rule for rule in grown}
    return [
        SegmentDescription(code, exact[code], 1.0, 1.0) if code in exact else known[code]
        for code in sorted(by_id.values())
    ]


def _bought(
    transactions: Transactions,
    span: tuple[int, int],
    assigned: pl.DataFrame,
    affinity: str,
) -> pl.DataFrame:
    """Return the order lines of each customer in each category of the window."""
    start, end = span
    lines = (
        transactions.known_at(end)
        .filter((pl.col("day") >= start) & ~pl.col("is_return"))
        .select("customer_id", "product_id")
    )
    groups = transactions.side_tables.products
    is_known = groups is not None and "category" in groups.columns
    if affinity == "product":
        named = lines.with_columns(category="product_id")
    elif affinity == "category" and groups is not None and is_known:
        names = groups.lazy().select("product_id", "category")
        named = lines.join(names, on="product_id", how="inner")
    else:
        named = lines.with_columns(category=pl.lit(None, pl.String))
    return (
        named.filter(pl.col("category").is_not_null())
        .group_by("customer_id", "category")
        .agg(lines=pl.len().cast(pl.Int64))
        .collect()
        .join(assigned, on="customer_id", how="inner")
    )
