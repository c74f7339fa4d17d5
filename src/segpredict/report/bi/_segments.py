"""The tables of segments and of transitions between them."""

import polars as pl

from segpredict.analytics.transitions import ERASED_STATE, LAPSED_STATE, NEW_STATE
from segpredict.core.intervals import share_of
from segpredict.core.window import as_date
from segpredict.report.bi._star_schema import StarSchema
from segpredict.report.bi._table import BiColumn, BiTable, empty, to_money_units

# States of customers outside the segments.
OUTSIDE_STATES = {s.id: s.name for s in (NEW_STATE, LAPSED_STATE, ERASED_STATE)}
SEGMENT_MONEY = ("base_value", "value_at_risk", "upside", "expected_value")
SEGMENT_COLUMNS = (
    BiColumn("segment_id", "text", "S0 is Inactive, then S1, S2 … .", "primary"),
    BiColumn("segment", "text", "Its name."),
    BiColumn(
        "rank",
        "whole",
        "Its rank by value, 0 for Inactive; sort names by it. Null for states outside "
        "the segments.",
    ),
    BiColumn(
        "kind",
        "text",
        f"active, inactive, or outside: a state of customers without a segment "
        f"({NEW_STATE.id}: no order before; {LAPSED_STATE.id}: none in the look-back; "
        f"{ERASED_STATE.id}: no order is left). No customer is in these now.",
    ),
    BiColumn("customers", "whole", "Eligible customers in it now."),
    BiColumn("customers_share", "share", "Their share of all eligible customers."),
    BiColumn(
        "customers_expected",
        "number",
        "Expected number of customers in the next window: the sum of their probabilities.",
    ),
    BiColumn("expected_share", "share", "The same as a share."),
    BiColumn(
        "revenue",
        "money",
        "Revenue of its customers in the newest window; zero for customers without an "
        "order in it, even with returns, so that sums over orders can be slightly lower.",
    ),
    BiColumn("revenue_share", "share", "Its share of that revenue."),
    BiColumn("base_value", "money", "Spend of its customers if their present rhythm held."),
    BiColumn("value_at_risk", "money", "Revenue at risk of its customers together."),
    BiColumn("upside", "money", "Upside of its customers together."),
    BiColumn("expected_value", "money", "Expected spend of its customers together."),
)


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


SEGMENTS = BiTable(
    "segments",
    "dimension",
    "one segment, or one state outside the segments",
    "Joins customers by their current segment, and scores, probabilities and transitions.",
    SEGMENT_COLUMNS,
    segment_rows,
)


SUM_SCALE = 2**40
TRANSITION_COLUMNS = (
    BiColumn(
        "kind",
        "text",
        "observed (counted), or expected (a sum of probabilities). Never add them up.",
    ),
    BiColumn(
        "since",
        "date",
        "First day of the period; the segment of origin is that before it. Null where "
        "periods are pooled.",
        "dates.date",
    ),
    BiColumn("until", "date", "The day after the period."),
    BiColumn("from_segment_id", "text", "Segment of origin.", "segments.segment_id"),
    BiColumn("to_segment_id", "text", "Target segment.", "segments.segment_id"),
    BiColumn("customers", "number", "Number of customers; whole where observed."),
    BiColumn("share", "share", "Share of all customers of the segment of origin."),
    BiColumn("low", "share", "Lower end of the 95 % interval of the share, if known."),
    BiColumn("high", "share", "Upper end."),
    BiColumn("is_stay", "flag", "Whether origin and target are the same."),
    BiColumn("is_small", "flag", "Whether the segment of origin has fewer than 30 customers."),
)


def transition_rows(star: StarSchema) -> pl.DataFrame:
    """Return the transition matrices as rows: of all periods, or of the last."""
    observed = star.transitions.get("observed", _last_transitions(star))
    predicted = star.transitions.get("predicted", _expected_transitions(star))
    tables = (("observed", observed), ("expected", predicted))
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
        for kind, table in tables
        if table is not None
    ]
    return pl.concat(parts) if parts else empty(TRANSITION_COLUMNS)


def _last_transitions(star: StarSchema) -> pl.DataFrame | None:
    """Return the transitions into the newest window, for a run without other periods."""
    if star.observed_transitions is None:
        return None
    window = star.window
    before = window.at_cutoff(window.cutoff - (window.outcome_end - window.cutoff))
    return _dated(star.observed_transitions, before.outcome_start, before.outcome_end)


def _expected_transitions(star: StarSchema) -> pl.DataFrame | None:
    if star.scores is None:
        return None
    ids = {f"p_{segment.id}": segment.id for segment in star.segments}
    known = star.scores.filter("is_eligible").select("segment_id", *ids).rename(ids)
    # Sums of whole numbers do not depend on the order in which they are added.
    sums = ((pl.col(i) * SUM_SCALE).round().cast(pl.Int64).sum() / SUM_SCALE for i in ids.values())
    totals = known.group_by("segment_id").agg(pl.len().alias("n_from"), *sums)
    rows = (
        totals.unpivot(index=["segment_id", "n_from"], variable_name="to_id", value_name="n")
        .rename({"segment_id": "from_id"})
        .with_columns(
            share=pl.col("n") / pl.col("n_from"),
            low=pl.lit(None, pl.Float64),
            high=pl.lit(None, pl.Float64),
            is_small=pl.col("n_from") < 30,
        )
        .sort("from_id", "to_id")
    )
    return _dated(rows, star.window.outcome_start, star.window.outcome_end)


def _dated(table: pl.DataFrame, since: int, until: int) -> pl.DataFrame:
    return table.with_columns(
        pl.lit(as_date(since), pl.Date).alias("since"),
        pl.lit(as_date(until), pl.Date).alias("until"),
    )


TRANSITIONS = BiTable(
    "transitions",
    "fact",
    "one kind, period, segment of origin and target segment",
    "Filter kind and since before adding up.",
    TRANSITION_COLUMNS,
    transition_rows,
)
