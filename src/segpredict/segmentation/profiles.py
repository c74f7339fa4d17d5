"""Segment profiles: size, revenue, frequency and retention, in original units."""

from collections.abc import Sequence

import polars as pl

from segpredict.core import schemas
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_FIGURES, share_of, wilson_interval
from segpredict.core.segment import Segment
from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import SchemaError
from segpredict.segmentation.model import fill_inactive


def segment_profile_table(
    assignments: pl.DataFrame,
    inputs: pl.DataFrame,
    features: pl.DataFrame,
    segments: Sequence[Segment],
    labels: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return one row per segment, INACTIVE included, in original units.

    `assignments` hold the segment of every customer of one window, the INACTIVE ones too
    (`fill_inactive`); `inputs` are `schemas.CLUSTERING_INPUTS_SCHEMA` of that window, `features`
    hold ``recency_days`` at its end, and `labels` the segment in the next window, where that is
    known; a customer without a row did not order. The columns are ``segment`` (code), ``id``,
    ``name``, ``n``, ``share``; ``revenue`` and ``revenue_share`` of the window; ``days`` (purchase
    days in total) and ``days_share``; ``order_value`` (revenue per purchase day); ``return_rate``
    (refunds over sales; where the inputs hold ``refunds``); ``spend_mean``, ``spend_q25``,
    ``spend_median``, ``spend_q75``; the same of ``days``; quartiles of ``recency`` in days;
    ``retention`` (share with an order in the next window; for INACTIVE, share that returned) with
    its 95 % Wilson interval ``retention_low`` and ``retention_high``. Money is in currency.

    Of a segment with fewer than 5 customers only the size is shown; the rest is null.
    Shares of revenue and purchase days are then shares of the shown sums, so that the
    hidden ones cannot be found by subtraction.

    Raises `SchemaError` when a table does not match its schema, or the inputs hold several windows.
    """
    known = schemas.validate_schema(assignments, schemas.ASSIGNMENTS_SCHEMA)
    bought = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    windows = bought["end"].n_unique()
    if windows > 1:
        raise SchemaError("clustering inputs", [f"holds {windows} windows instead of one"])
    retained = known.select("customer_id", is_back=pl.lit(None, pl.Boolean))
    if labels is not None:
        later = fill_inactive(labels, known)
        retained = later.select("customer_id", is_back=pl.col("segment") > 0)
    customers = (
        known.select("customer_id", "segment")
        .join(bought, on="customer_id", how="left")
        .join(features.select("customer_id", "recency_days"), on="customer_id", how="left")
        .join(retained, on="customer_id", how="left")
        .with_columns(pl.col("days", "spend").fill_null(0).cast(pl.Int64))
    )
    schema = {"segment": pl.Int8, "id": pl.String, "name": pl.String}
    table = pl.DataFrame([(s.code, s.id, s.name) for s in segments], schema, orient="row")
    metrics = customers.group_by("segment").agg(*_metrics(has_refunds="refunds" in bought.columns))
    return _with_shares(table.join(metrics, on="segment", how="left").sort("segment"))


def _metrics(*, has_refunds: bool) -> list[pl.Expr]:
    spend, days = pl.col("spend"), pl.col("days")
    refunds = pl.col("refunds").sum() if has_refunds else pl.lit(None, pl.Int64)
    sales = spend.sum() + refunds
    returned = pl.col("is_back")
    low, high = wilson_interval(returned.sum(), returned.count())
    quarters = [
        (column.quantile(q, "linear") / unit).alias(f"{name}_{label}")
        for name, column, unit in (
            ("spend", spend, MONEY_SCALE),
            ("days", days, 1),
            ("recency", pl.col("recency_days"), 1),
        )
        for label, q in (("q25", 0.25), ("median", 0.5), ("q75", 0.75))
    ]
    return [
        pl.len().cast(pl.Int64).alias("n"),
        (spend.sum() / MONEY_SCALE).alias("revenue"),
        days.sum().alias("days"),
        (spend.sum() / MONEY_SCALE / pl.when(days.sum() > 0).then(days.sum())).alias("order_value"),
        pl.when(sales > 0).then(refunds / sales).alias("return_rate"),
        (spend.sum() / MONEY_SCALE / pl.len()).alias("spend_mean"),
        (days.sum() / pl.len()).alias("days_mean"),
        *quarters,
        pl.when(returned.count() > 0).then(returned.sum() / returned.count()).alias("retention"),
        low.alias("retention_low"),
        high.alias("retention_high"),
    ]


def _with_shares(rows: pl.DataFrame) -> pl.DataFrame:
    is_shown = pl.col("n") >= MIN_CUSTOMERS_FOR_FIGURES
    sized = rows.with_columns(pl.col("n").fill_null(0))
    details = [c for c in sized.columns if c not in ("segment", "id", "name", "n")]
    first = ("segment", "id", "name", "n", "share", "revenue", "revenue_share", "days")
    return (
        sized.with_columns(pl.when(is_shown).then(pl.col(details)))
        .with_columns(
            share=share_of(pl.col("n"), pl.col("n").sum()),
            revenue_share=share_of(pl.col("revenue"), pl.col("revenue").sum()),
            days_share=share_of(pl.col("days"), pl.col("days").sum()),
        )
        .select(*first, "days_share", pl.exclude(*first, "days_share"))
    )
