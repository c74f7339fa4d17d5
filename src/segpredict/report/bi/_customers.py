"""The tables of customers: attributes, scores and segment probabilities."""

import polars as pl

from segpredict.analytics.customer_value import FORECAST_COLUMNS
from segpredict.report.bi._star_schema import CustomerBatch, net_revenue
from segpredict.report.bi._table import to_money_units


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


def score_rows(batch: CustomerBatch) -> pl.DataFrame | None:
    """Return the scores of a batch's eligible customers."""
    if batch.schema.scores is None:
        return None
    eligible = batch.schema.scores.filter("is_eligible")
    missing = [name for name in FORECAST_COLUMNS if name not in eligible.columns]
    # The probability of the predicted segment is in the column with its id.
    named = [
        pl.when(pl.col("next_segment_id") == segment.id).then(pl.col(f"p_{segment.id}"))
        for segment in batch.schema.segments
    ]
    return (
        batch.rows_of(eligible)
        .with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .with_columns(
            *(to_money_units(pl.col(name)) for name in FORECAST_COLUMNS), p_next=pl.coalesce(named)
        )
    )


def probability_rows(batch: CustomerBatch) -> pl.DataFrame | None:
    """Return one row per customer and segment, so that columns do not depend on the run."""
    if batch.schema.scores is None:
        return None
    ids = {f"p_{segment.id}": segment.id for segment in batch.schema.segments}
    eligible = batch.schema.scores.filter("is_eligible").select("customer_id", *ids)
    return (
        batch.rows_of(eligible)
        .rename(ids)
        .unpivot(index="customer_id", variable_name="segment_id", value_name="probability")
        .sort("customer_id", "segment_id")
    )
