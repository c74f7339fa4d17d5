"""Customers: who they are to the shop, and what they did in all."""

import polars as pl

from segpredict.bi._star import Share, kept
from segpredict.bi._table import Column, Table

COLUMNS = (
    Column(
        "customer_id",
        "text",
        "The shop's own id; its keyed hash where ids were hashed.",
        "primary",
    ),
    Column(
        "segment_id",
        "text",
        "The segment now: by what was bought in the newest window. S0 (Inactive) is "
        "who bought nothing in it.",
        "segments.segment_id",
    ),
    Column(
        "is_eligible",
        "flag",
        "Whether there is an order in the look-back; only these have a forecast, and "
        "shares of segments count only these.",
    ),
    Column(
        "first_order_date",
        "date",
        "Day of the first order that stands; null without one.",
        "dates.date",
    ),
    Column("cohort_month", "date", "First day of the month of the first order."),
    Column("last_order_date", "date", "Day of the last order that stands."),
    Column("orders", "whole", "Orders that stand, ever in the data."),
    Column("revenue", "money", "What they paid for what they kept, ever in the data."),
    Column("returned", "money", "Worth of what came back, zero or below."),
    Column("country", "text", "Country of the newest line, if lines name one."),
    Column("rfm_code", "text", "Fifths of recency, frequency and money, e.g. 543."),
    Column("rfm_segment", "text", "The cell of the RFM rule grid, for comparison."),
    Column(
        "is_unlike",
        "flag",
        "Whether the customer is unlike 99 % of the segment; null if inactive.",
    ),
)


def customers(share: Share) -> pl.DataFrame:
    """Return one row for everybody who has a line."""
    stands = ~pl.col("is_return") & ~pl.col("is_void")
    did = share.orders.group_by("customer_id", maintain_order=True).agg(
        first_order_date=pl.col("day").filter(stands).min().cast(pl.Date),
        last_order_date=pl.col("day").filter(stands).max(),
        orders=stands.sum(),
        revenue=kept().sum(),
        returned=pl.col("amount").filter("is_return", ~pl.col("is_void")).sum(),
        country=pl.col("country").sort_by("day", maintain_order=True).last(),
    )
    grid = share.star.assignments.select(
        "customer_id",
        "segment_id",
        "is_eligible",
        "is_unlike",
        rfm_code="code",
        rfm_segment="name",
    )
    inactive = share.star.segments[0].id
    return did.join(
        share.of(grid), on="customer_id", how="left", maintain_order="left"
    ).with_columns(
        # Who only ever sent something back was never assigned.
        pl.col("segment_id").fill_null(inactive),
        pl.col("is_eligible").fill_null(value=False),
        cohort_month=pl.col("first_order_date").dt.month_start(),
    )


PART = Table(
    10,
    "dimension",
    "one customer",
    "Everybody who has a line in the data. Filter is_eligible where shares of segments "
    "shall be those of the page.",
    COLUMNS,
    customers,
    is_by_share=True,
)
