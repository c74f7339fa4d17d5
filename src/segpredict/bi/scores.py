"""Scores: what is foretold of each customer for the next window."""

import polars as pl

from segpredict.bi._star import Share
from segpredict.bi._table import Column, Table, units

MONEY_COLUMNS = {
    "expected_value": "Expected spend in the next window.",
    "value_at_risk": "What of the present segment's worth is expected to be lost.",
    "upside": "What is expected to be gained by moving up.",
    "clv_next_markov": "Value of the next window, by the Markov chain of segments.",
    "clv_year_markov": "Value of the next year, discounted, by the same.",
    "clv_next_bgnbd": "Value of the next window, by BG/NBD with Gamma-Gamma.",
    "clv_year_bgnbd": "Value of the next year, discounted, by the same.",
}
COLUMNS = (
    Column("customer_id", "text", "Who.", "customers.customer_id"),
    Column(
        "as_of",
        "date",
        "The day before which everything is known; the forecast begins with it.",
        "dates.date",
    ),
    Column("segment_id", "text", "The segment now.", "segments.segment_id"),
    Column(
        "next_segment_id",
        "text",
        "The segment that the forecast names for the next window.",
        "segments.segment_id",
    ),
    Column("p_next", "share", "Probability of the segment that it names."),
    Column("p_inactive", "share", "Probability of no order in the next window."),
    Column("p_down", "share", "Probability of a lower segment."),
    Column("p_up", "share", "Probability of a higher segment."),
    *(Column(name, "money", meaning) for name, meaning in MONEY_COLUMNS.items()),
    Column(
        "segment_set",
        "text",
        "Names of the segments that cannot be ruled out, parted by |.",
    ),
    Column("set_size", "whole", "How many these are."),
)


def scores(share: Share) -> pl.DataFrame:
    """Return the forecasts of a share's eligible customers."""
    if share.star.scores is None:
        return pl.DataFrame(schema=dict.fromkeys((c.name for c in COLUMNS), pl.Null))
    told = share.star.scores.filter("is_eligible")
    missing = [name for name in MONEY_COLUMNS if name not in told.columns]
    # The probability of the segment that is named: where its column's id is that one.
    named = [
        pl.when(pl.col("next_segment_id") == segment.id).then(pl.col(f"p_{segment.id}"))
        for segment in share.star.segments
    ]
    return (
        share.of(told)
        .with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .with_columns(
            *(units(pl.col(name)) for name in MONEY_COLUMNS),
            p_next=pl.coalesce(named),
        )
    )


PART = Table(
    50,
    "fact",
    "one eligible customer",
    "Sums of expected_value, value_at_risk and upside are those of the page, each "
    "customer rounded to 0.0001.",
    COLUMNS,
    scores,
    is_by_share=True,
)
