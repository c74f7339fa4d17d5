"""Segments: who they are, how large, worth what, and how large they will be."""

import polars as pl

from segpredict.bi._star import Star
from segpredict.bi._table import Column, Table, units

BESIDE = {  # places that are no segments, where customers come from or go to
    "NEW": "New",
    "SILENT": "Silent for long",
    "GONE": "No customer any more",
}
MONEY_COLUMNS = ("expected_value", "value_at_risk", "upside")
COLUMNS = (
    Column("segment_id", "text", "S0 is Inactive, then S1, S2 … .", "primary"),
    Column("segment", "text", "What people call it."),
    Column(
        "rank",
        "whole",
        "Its place on the ladder of value, 0 for Inactive; sort names by it. Null for "
        "places that are no segments.",
    ),
    Column(
        "kind",
        "text",
        "active, inactive, or beside: where customers come from or go to without being "
        "in a segment (NEW: no order before; SILENT: none in the look-back; GONE: no "
        "order is left). Nobody is in these now.",
    ),
    Column("customers", "whole", "Eligible customers in it now."),
    Column("customers_share", "share", "Their share of all eligible customers."),
    Column(
        "customers_expected",
        "number",
        "Of these customers, how many are expected in it in the next window: the sum "
        "of their probabilities.",
    ),
    Column("expected_share", "share", "The same as a share."),
    Column(
        "revenue",
        "money",
        "What its customers paid in the newest window; zero for who bought nothing in "
        "it, whatever they sent back, so that sums over orders may be a little less.",
    ),
    Column("revenue_share", "share", "Its share of that revenue."),
    Column("expected_value", "money", "Expected spend of its customers together."),
    Column("value_at_risk", "money", "Revenue at risk of its customers together."),
    Column("upside", "money", "Upside of its customers together."),
)


def segments(star: Star) -> pl.DataFrame:
    """Return the segments, and the places beside them so that all moves join."""
    named = pl.DataFrame(
        [
            (s.id, s.name, s.code, "active" if s.code else "inactive")
            for s in star.segments
        ]
        + [(i, name, None, "beside") for i, name in BESIDE.items()],
        schema={
            "segment_id": pl.String,
            "segment": pl.String,
            "rank": pl.Int64,
            "kind": pl.String,
        },
        orient="row",
    )
    eligible = star.assignments.filter("is_eligible")
    sizes = eligible.group_by("segment_id").agg(customers=pl.len().cast(pl.Int64))
    is_real = pl.col("kind") != "beside"
    counted = named.join(
        sizes, on="segment_id", how="left", maintain_order="left"
    ).with_columns(pl.when(is_real).then(pl.col("customers").fill_null(0)))
    return (
        counted.with_columns(
            customers_share=pl.col("customers") / pl.col("customers").sum()
        )
        .join(_expected(star), on="segment_id", how="left", maintain_order="left")
        .join(_worth(star), on="segment_id", how="left", maintain_order="left")
        .join(_revenue(star), on="segment_id", how="left", maintain_order="left")
    )


def _expected(star: Star) -> pl.DataFrame:
    ids = [segment.id for segment in star.segments]
    empty = {"segment_id": pl.String, "customers_expected": pl.Float64}
    if star.scores is None:
        return pl.DataFrame(schema={**empty, "expected_share": pl.Float64})
    sums = star.scores.select(pl.col(f"p_{i}").sum() for i in ids).row(0)
    return pl.DataFrame(
        {"segment_id": ids, "customers_expected": sums}, schema=empty
    ).with_columns(
        expected_share=pl.col("customers_expected") / pl.col("customers_expected").sum()
    )


def _worth(star: Star) -> pl.DataFrame:
    if star.scores is None:
        return pl.DataFrame(
            schema={"segment_id": pl.String, **dict.fromkeys(MONEY_COLUMNS, pl.Int64)}
        )
    # Sums of what each customer's row says, so that both agree to the last digit.
    known = star.scores.filter("is_eligible")
    sums = [
        units(pl.col(name)).sum().alias(name)
        if name in known.columns  # a run of old may tell less
        else pl.lit(None, pl.Int64).alias(name)
        for name in MONEY_COLUMNS
    ]
    return known.group_by("segment_id").agg(sums)


def _revenue(star: Star) -> pl.DataFrame:
    columns = {"revenue": pl.Int64, "revenue_share": pl.Float64}
    if star.profile is None:
        return pl.DataFrame(schema={"segment_id": pl.String, **columns})
    return star.profile.select(
        pl.col("id").alias("segment_id"), units(pl.col("revenue")), "revenue_share"
    )


PART = Table(
    20,
    "dimension",
    "one segment, or one place beside the segments",
    "Joins customers by the segment they are in now, and scores, chances and moves.",
    COLUMNS,
    segments,
)
