"""The tables of segments and of transitions between them."""

import polars as pl

from segpredict.analytics.transitions import ERASED_STATE, LAPSED_STATE, NEW_STATE
from segpredict.core.intervals import share_of
from segpredict.report.bi._star_schema import StarSchema
from segpredict.report.bi._table import to_money_units

# States of customers outside the segments.
OUTSIDE_STATES = {s.id: s.name for s in (NEW_STATE, LAPSED_STATE, ERASED_STATE)}
SEGMENT_MONEY = ("base_value", "value_at_risk", "upside", "expected_value")


def segment_rows(star: StarSchema) -> pl.DataFrame:
    """Return the segments, and the states outside them, so that all transitions join."""
    named = pl.DataFrame(
        [(s.id, s.name, s.code, "active" if s.code else "inactive") for s in star.segments]
        + [(i, name, None, "outside") for i, name in OUTSIDE_STATES.items()],
        schema={"segment_id": pl.String, "segment": pl.String, "rank": pl.Int64, "kind": pl.String},
        orient="row",
    )
    eligible = star.assignments.filter("is_eligible")
    sizes = eligible.group_by("segment_id").agg(customers=pl.len().cast(pl.Int64))
    is_real = pl.col("kind") != "outside"
    counted = named.join(sizes, on="segment_id", how="left", maintain_order="left").with_columns(
        pl.when(is_real).then(pl.col("customers").fill_null(0))
    )
    found = counted.with_columns(
        customers_share=share_of(pl.col("customers"), pl.col("customers").sum())
    )
    for part in (_expected(star), _value(star), _revenue(star)):
        found = found.join(part, on="segment_id", how="left", maintain_order="left")
    return found


def _expected(star: StarSchema) -> pl.DataFrame:
    ids = [segment.id for segment in star.segments]
    empty = {"segment_id": pl.String, "customers_expected": pl.Float64}
    if star.scores is None:
        return pl.DataFrame(schema={**empty, "expected_share": pl.Float64})
    sums = star.scores.select(pl.col(f"p_{i}").sum() for i in ids).row(0)
    return pl.DataFrame({"segment_id": ids, "customers_expected": sums}, schema=empty).with_columns(
        expected_share=share_of(pl.col("customers_expected"), pl.col("customers_expected").sum())
    )


def _value(star: StarSchema) -> pl.DataFrame:
    if star.scores is None:
        return pl.DataFrame(
            schema={"segment_id": pl.String, **dict.fromkeys(SEGMENT_MONEY, pl.Int64)}
        )
    # Sums of the rounded values of customers, so that both tables agree exactly.
    known = star.scores.filter("is_eligible")
    sums = [to_money_units(pl.col(name)).sum().alias(name) for name in SEGMENT_MONEY]
    return known.group_by("segment_id").agg(sums)


def _revenue(star: StarSchema) -> pl.DataFrame:
    columns = {"revenue": pl.Int64, "revenue_share": pl.Float64}
    if star.profile is None:
        return pl.DataFrame(schema={"segment_id": pl.String, **columns})
    return star.profile.select(
        pl.col("id").alias("segment_id"), to_money_units(pl.col("revenue")), "revenue_share"
    )


def transition_rows(star: StarSchema) -> pl.DataFrame | None:
    """Return the transition matrices of all periods as rows."""
    parts = [
        table.select(
            pl.lit(kind).alias("kind"),
            "since",
            "until",
            pl.col("from_id").alias("from_segment_id"),
            pl.col("to_id").alias("to_segment_id"),
            pl.col("n").cast(pl.Float64).alias("customers"),
            *("share", "low", "high"),
            (pl.col("from_id") == pl.col("to_id")).alias("is_stay"),
            "is_small",
        )
        for kind, name in (("observed", "observed"), ("expected", "predicted"))
        if (table := star.transitions.get(name)) is not None
    ]
    return pl.concat(parts) if parts else None
