"""Chances: the probability of each segment in the next window, for each customer."""

import polars as pl

from segpredict.bi._star import Share
from segpredict.bi._table import Column, Table

COLUMNS = (
    Column("customer_id", "text", "Who.", "customers.customer_id"),
    Column(
        "segment_id",
        "text",
        "The segment in the next window.",
        "segments.segment_id",
    ),
    Column("probability", "share", "Its probability; one customer's add up to one."),
)


def chances(share: Share) -> pl.DataFrame:
    """Return one row a customer and segment: columns that do not depend on the run."""
    if share.star.scores is None:
        return pl.DataFrame(schema=dict.fromkeys((c.name for c in COLUMNS), pl.Null))
    ids = {f"p_{segment.id}": segment.id for segment in share.star.segments}
    told = share.star.scores.filter("is_eligible").select("customer_id", *ids)
    return (
        share.of(told)
        .rename(ids)
        .unpivot(
            index="customer_id", variable_name="segment_id", value_name="probability"
        )
        .sort("customer_id", "segment_id")
    )


PART = Table(
    60,
    "fact",
    "one eligible customer and one segment",
    "The sum of probability by segment is the expected mix: how many customers will be "
    "in each segment.",
    COLUMNS,
    chances,
    is_by_share=True,
)
