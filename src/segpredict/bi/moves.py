"""Moves: how many customers went, or are expected to go, from segment to segment."""

import polars as pl

from segpredict.bi._star import Star
from segpredict.bi._table import Column, Table
from segpredict.core.display import MIN_CUSTOMERS_FOR_SHARES
from segpredict.movement.expected import EXACT_PARTS
from segpredict.window import as_date

COLUMNS = (
    Column(
        "kind",
        "text",
        "counted, or expected: a sum of probabilities. Never add one to the other.",
    ),
    Column(
        "since",
        "date",
        "The day on which the period begins: segments before it are where customers "
        "come from. Null where periods are pooled.",
        "dates.date",
    ),
    Column("until", "date", "The day after the period."),
    Column("from_segment_id", "text", "Where from.", "segments.segment_id"),
    Column("to_segment_id", "text", "Where to.", "segments.segment_id"),
    Column("customers", "number", "How many; whole where they were counted."),
    Column("share", "share", "Of all who were where they come from."),
    Column("low", "share", "Lower end of the share's 95 % interval, if known."),
    Column("high", "share", "Upper end."),
    Column("is_stay", "flag", "Whether they stay where they are."),
    Column("is_thin", "flag", "Whether fewer than 30 customers were there before."),
)


def moves(star: Star) -> pl.DataFrame:
    """Return the migration matrices as rows: of all periods, or of the last."""
    observed, predicted = (
        star.movement.get("observed", _last(star)),
        star.movement.get("predicted", _next(star)),
    )
    tables = (("counted", observed), ("expected", predicted))
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
            "is_thin",
        )
        for kind, table in tables
        if table is not None
    ]
    empty = pl.DataFrame(schema=dict.fromkeys((c.name for c in COLUMNS), pl.Null))
    return pl.concat(parts) if parts else empty


def _last(star: Star) -> pl.DataFrame | None:
    """Return the moves into the newest window, for a run that kept no others."""
    if star.migration is None:
        return None
    before = star.window.at(
        star.window.cutoff - (star.window.outcome_end - star.window.cutoff)
    )
    return _dated(star.migration, before.outcome_start, before.outcome_end)


def _next(star: Star) -> pl.DataFrame | None:
    if star.scores is None:
        return None
    ids = {f"p_{segment.id}": segment.id for segment in star.segments}
    known = star.scores.filter("is_eligible").select("segment_id", *ids).rename(ids)
    # Sums of whole numbers do not depend on the order in which they are added.
    sums = (
        (pl.col(i) * EXACT_PARTS).round().cast(pl.Int64).sum() / EXACT_PARTS
        for i in ids.values()
    )
    totals = known.group_by("segment_id").agg(pl.len().alias("row_n"), *sums)
    told = (
        totals.unpivot(
            index=["segment_id", "row_n"], variable_name="to_id", value_name="n"
        )
        .rename({"segment_id": "from_id"})
        .with_columns(
            share=pl.col("n") / pl.col("row_n"),
            low=pl.lit(None, pl.Float64),
            high=pl.lit(None, pl.Float64),
            is_thin=pl.col("row_n") < MIN_CUSTOMERS_FOR_SHARES,
        )
        .sort("from_id", "to_id")
    )
    return _dated(told, star.window.outcome_start, star.window.outcome_end)


def _dated(table: pl.DataFrame, since: int, until: int) -> pl.DataFrame:
    return table.with_columns(
        pl.lit(as_date(since), pl.Date).alias("since"),
        pl.lit(as_date(until), pl.Date).alias("until"),
    )


PART = Table(
    70,
    "fact",
    "one kind, period, segment of origin and segment of arrival",
    "Filter kind and since before adding anything up.",
    COLUMNS,
    moves,
)
