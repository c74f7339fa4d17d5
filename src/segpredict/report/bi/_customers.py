"""The tables of customers: attributes, scores and segment probabilities."""

import polars as pl

from segpredict.report.bi._star_schema import CustomerBatch, net_revenue
from segpredict.report.bi._table import BiColumn, BiTable, empty, to_money_units

CUSTOMER_COLUMNS = (
    BiColumn(
        "customer_id", "text", "The shop's own id; its keyed hash where ids were hashed.", "primary"
    ),
    BiColumn(
        "segment_id",
        "text",
        "The current segment, by the orders of the newest window. S0 (Inactive): no order in it.",
        "segments.segment_id",
    ),
    BiColumn(
        "is_eligible",
        "flag",
        "Whether there is an order in the look-back; only these have a forecast, and "
        "shares of segments count only these.",
    ),
    BiColumn(
        "first_order_date",
        "date",
        "Day of the first order that was not fully refunded; null without one.",
        "dates.date",
    ),
    BiColumn("cohort_month", "date", "First day of the month of the first order."),
    BiColumn("last_order_date", "date", "Day of the last such order."),
    BiColumn("orders", "whole", "Number of such orders in the data."),
    BiColumn("revenue", "money", "Revenue net of returns, over all data."),
    BiColumn("returned", "money", "Value of returns, zero or negative."),
    BiColumn("country", "text", "Country of the newest line, if lines name one."),
    BiColumn("rfm_code", "text", "Fifths of recency, frequency and money, e.g. 543."),
    BiColumn("rfm_segment", "text", "The cell of the RFM rule grid, for comparison."),
    BiColumn(
        "is_outlier",
        "flag",
        "Whether the customer differs from 99 % of the segment; null if inactive.",
    ),
)


def customer_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return one row per customer with a line."""
    counts = ~pl.col("is_return") & ~pl.col("is_void")
    bought = batch.orders.group_by("customer_id", maintain_order=True).agg(
        first_order_date=pl.col("day").filter(counts).min().cast(pl.Date),
        last_order_date=pl.col("day").filter(counts).max(),
        orders=counts.sum(),
        revenue=net_revenue().sum(),
        returned=pl.col("amount").filter("is_return", ~pl.col("is_void")).sum(),
        country=pl.col("country").sort_by("day", maintain_order=True).last(),
    )
    grid = batch.schema.assignments.select(
        "customer_id",
        "segment_id",
        "is_eligible",
        rfm_code="code",
        rfm_segment="name",
        is_outlier="is_unlike",
    )
    inactive = batch.schema.segments[0].id
    return bought.join(
        batch.rows_of(grid), on="customer_id", how="left", maintain_order="left"
    ).with_columns(
        # Customers with returns only were never assigned.
        pl.col("segment_id").fill_null(inactive),
        pl.col("is_eligible").fill_null(value=False),
        cohort_month=pl.col("first_order_date").dt.month_start(),
    )


CUSTOMERS = BiTable(
    "customers",
    "dimension",
    "one customer",
    "All customers with a line in the data. Filter is_eligible to get the segment "
    "shares of the page.",
    CUSTOMER_COLUMNS,
    customer_rows,
    is_batched=True,
)


SCORE_MONEY = {
    "base_value": "Spend in the next window if the present rhythm held.",
    "expected_value": "Expected spend in the next window: base, less risk, plus upside.",
    "expected_value_low": "Lower end of its 90 % interval.",
    "expected_value_high": "Upper end of its 90 % interval.",
    "value_at_risk": "Revenue at risk: the part of the base that is expected to be lost.",
    "upside": "Expected spend beyond the base.",
    "clv_year": "Expected spend of the next twelve months, discounted.",
}
SCORE_COLUMNS = (
    BiColumn("customer_id", "text", "The customer.", "customers.customer_id"),
    BiColumn(
        "as_of",
        "date",
        "The cutoff: the forecast begins on this day and uses earlier days only.",
        "dates.date",
    ),
    BiColumn("segment_id", "text", "The current segment.", "segments.segment_id"),
    BiColumn(
        "next_segment_id",
        "text",
        "The predicted segment of the next window.",
        "segments.segment_id",
    ),
    BiColumn("p_next", "share", "Probability of the predicted segment."),
    BiColumn("p_inactive", "share", "Probability of no order in the next window."),
    BiColumn("p_down", "share", "Probability of a lower segment."),
    BiColumn("p_up", "share", "Probability of a higher segment."),
    *(BiColumn(name, "money", meaning) for name, meaning in SCORE_MONEY.items()),
    BiColumn("segment_set", "text", "Prediction set: names of its segments, separated by |."),
    BiColumn("set_size", "whole", "Number of segments in the set."),
)


def score_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return the scores of a batch's eligible customers."""
    if batch.schema.scores is None:
        return empty(SCORE_COLUMNS)
    eligible = batch.schema.scores.filter("is_eligible")
    missing = [name for name in SCORE_MONEY if name not in eligible.columns]
    # The probability of the predicted segment is in the column with its id.
    named = [
        pl.when(pl.col("next_segment_id") == segment.id).then(pl.col(f"p_{segment.id}"))
        for segment in batch.schema.segments
    ]
    return (
        batch.rows_of(eligible)
        .with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .with_columns(
            *(to_money_units(pl.col(name)) for name in SCORE_MONEY), p_next=pl.coalesce(named)
        )
    )


SCORES = BiTable(
    "scores",
    "fact",
    "one eligible customer",
    "Sums of expected_value, value_at_risk and upside equal those of the page; values "
    "are rounded to 0.0001.",
    SCORE_COLUMNS,
    score_rows,
    is_batched=True,
)


PROBABILITY_COLUMNS = (
    BiColumn("customer_id", "text", "The customer.", "customers.customer_id"),
    BiColumn("segment_id", "text", "The segment in the next window.", "segments.segment_id"),
    BiColumn("probability", "share", "Its probability; those of one customer sum to one."),
)


def probability_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return one row per customer and segment, so that columns do not depend on the run."""
    if batch.schema.scores is None:
        return empty(PROBABILITY_COLUMNS)
    ids = {f"p_{segment.id}": segment.id for segment in batch.schema.segments}
    eligible = batch.schema.scores.filter("is_eligible").select("customer_id", *ids)
    return (
        batch.rows_of(eligible)
        .rename(ids)
        .unpivot(index="customer_id", variable_name="segment_id", value_name="probability")
        .sort("customer_id", "segment_id")
    )


PROBABILITIES = BiTable(
    "probabilities",
    "fact",
    "one eligible customer and one segment",
    "The sum of probability by segment is the expected number of customers in each segment.",
    PROBABILITY_COLUMNS,
    probability_rows,
    is_batched=True,
)
