"""The tables of customers: who they are, what is forecast of them, and how likely."""

import polars as pl

from segpredict.report.bi._star_schema import CustomerBatch, net_revenue
from segpredict.report.bi._table import BiColumn, BiTable, empty, to_money_units

CUSTOMERS_COLUMNS = (
    BiColumn(
        "customer_id",
        "text",
        "The shop's own id; its keyed hash where ids were hashed.",
        "primary",
    ),
    BiColumn(
        "segment_id",
        "text",
        "The segment now: by what was bought in the newest window. S0 (Inactive) is "
        "who bought nothing in it.",
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
        "Day of the first order that stands; null without one.",
        "dates.date",
    ),
    BiColumn("cohort_month", "date", "First day of the month of the first order."),
    BiColumn("last_order_date", "date", "Day of the last order that stands."),
    BiColumn("orders", "whole", "Orders that stand, ever in the data."),
    BiColumn("revenue", "money", "What they paid for what they kept, ever in the data."),
    BiColumn("returned", "money", "Worth of what came back, zero or below."),
    BiColumn("country", "text", "Country of the newest line, if lines name one."),
    BiColumn("rfm_code", "text", "Fifths of recency, frequency and money, e.g. 543."),
    BiColumn("rfm_segment", "text", "The cell of the RFM rule grid, for comparison."),
    BiColumn(
        "is_unlike",
        "flag",
        "Whether the customer is unlike 99 % of the segment; null if inactive.",
    ),
)


def customer_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return one row for everybody who has a line."""
    stands = ~pl.col("is_return") & ~pl.col("is_void")
    did = batch.orders.group_by("customer_id", maintain_order=True).agg(
        first_order_date=pl.col("day").filter(stands).min().cast(pl.Date),
        last_order_date=pl.col("day").filter(stands).max(),
        orders=stands.sum(),
        revenue=net_revenue().sum(),
        returned=pl.col("amount").filter("is_return", ~pl.col("is_void")).sum(),
        country=pl.col("country").sort_by("day", maintain_order=True).last(),
    )
    grid = batch.schema.assignments.select(
        "customer_id",
        "segment_id",
        "is_eligible",
        "is_unlike",
        rfm_code="code",
        rfm_segment="name",
    )
    inactive = batch.schema.segments[0].id
    return did.join(
        batch.rows_of(grid), on="customer_id", how="left", maintain_order="left"
    ).with_columns(
        # Who only ever sent something back was never assigned.
        pl.col("segment_id").fill_null(inactive),
        pl.col("is_eligible").fill_null(value=False),
        cohort_month=pl.col("first_order_date").dt.month_start(),
    )


CUSTOMERS = BiTable(
    "customers",
    "dimension",
    "one customer",
    "Everybody who has a line in the data. Filter is_eligible where shares of segments "
    "shall be those of the page.",
    CUSTOMERS_COLUMNS,
    customer_rows,
    is_batched=True,
)


SCORE_MONEY = {
    "expected_value": "Expected spend in the next window.",
    "value_at_risk": "What of the present segment's worth is expected to be lost.",
    "upside": "What is expected to be gained by moving up.",
    "clv_next_markov": "Value of the next window, by the Markov chain of segments.",
    "clv_year_markov": "Value of the next year, discounted, by the same.",
    "clv_next_bgnbd": "Value of the next window, by BG/NBD with Gamma-Gamma.",
    "clv_year_bgnbd": "Value of the next year, discounted, by the same.",
}
SCORES_COLUMNS = (
    BiColumn("customer_id", "text", "Who.", "customers.customer_id"),
    BiColumn(
        "as_of",
        "date",
        "The day before which everything is known; the forecast begins with it.",
        "dates.date",
    ),
    BiColumn("segment_id", "text", "The segment now.", "segments.segment_id"),
    BiColumn(
        "next_segment_id",
        "text",
        "The segment that the forecast names for the next window.",
        "segments.segment_id",
    ),
    BiColumn("p_next", "share", "Probability of the segment that it names."),
    BiColumn("p_inactive", "share", "Probability of no order in the next window."),
    BiColumn("p_down", "share", "Probability of a lower segment."),
    BiColumn("p_up", "share", "Probability of a higher segment."),
    *(BiColumn(name, "money", meaning) for name, meaning in SCORE_MONEY.items()),
    BiColumn(
        "segment_set",
        "text",
        "Names of the segments that cannot be ruled out, parted by |.",
    ),
    BiColumn("set_size", "whole", "How many these are."),
)


def score_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return the forecasts of a share's eligible customers."""
    if batch.schema.scores is None:
        return empty(SCORES_COLUMNS)
    told = batch.schema.scores.filter("is_eligible")
    missing = [name for name in SCORE_MONEY if name not in told.columns]
    # The probability of the segment that is named: where its column's id is that one.
    named = [
        pl.when(pl.col("next_segment_id") == segment.id).then(pl.col(f"p_{segment.id}"))
        for segment in batch.schema.segments
    ]
    return (
        batch.rows_of(told)
        .with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .with_columns(
            *(to_money_units(pl.col(name)) for name in SCORE_MONEY),
            p_next=pl.coalesce(named),
        )
    )


SCORES = BiTable(
    "scores",
    "fact",
    "one eligible customer",
    "Sums of expected_value, value_at_risk and upside are those of the page, each "
    "customer rounded to 0.0001.",
    SCORES_COLUMNS,
    score_rows,
    is_batched=True,
)


CHANCES_COLUMNS = (
    BiColumn("customer_id", "text", "Who.", "customers.customer_id"),
    BiColumn(
        "segment_id",
        "text",
        "The segment in the next window.",
        "segments.segment_id",
    ),
    BiColumn("probability", "share", "Its probability; one customer's add up to one."),
)


def probability_rows(batch: CustomerBatch) -> pl.DataFrame:
    """Return one row a customer and segment: columns that do not depend on the run."""
    if batch.schema.scores is None:
        return empty(CHANCES_COLUMNS)
    ids = {f"p_{segment.id}": segment.id for segment in batch.schema.segments}
    told = batch.schema.scores.filter("is_eligible").select("customer_id", *ids)
    return (
        batch.rows_of(told)
        .rename(ids)
        .unpivot(index="customer_id", variable_name="segment_id", value_name="probability")
        .sort("customer_id", "segment_id")
    )


CHANCES = BiTable(
    "chances",
    "fact",
    "one eligible customer and one segment",
    "The sum of probability by segment is the expected mix: how many customers will be "
    "in each segment.",
    CHANCES_COLUMNS,
    probability_rows,
    is_batched=True,
)
