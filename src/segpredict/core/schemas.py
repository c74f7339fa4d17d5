"""The schema of every table that crosses from one room to the next."""

from collections.abc import Iterable
from typing import Any

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.table_schema import ColumnSchema, TableSchema

COLUMN_ROLES = (
    *("order_id", "product_id", "description", "quantity", "time", "price", "amount"),
    *("customer_id", "country", "discount", "currency", "status", "cancelled", "refund"),
    "order_total",
    "stated_amount",  # an amount beside quantity and price: compared with their product
)

_ID = ColumnSchema(pl.String, max_length=256)


def _columns(
    names: Iterable[str], kind: type[pl.DataType], **options: Any
) -> dict[str, ColumnSchema]:
    """Return columns of one kind."""
    return dict.fromkeys(names, ColumnSchema(kind, **options))


RAW_LINES_SCHEMA = TableSchema(
    {
        "file": ColumnSchema(pl.Int32, low=0),
        "row": ColumnSchema(pl.Int64, low=1),
        **_columns(COLUMN_ROLES, pl.String, nullable=True, required=False),
    },
    name="raw lines",
    strict=True,
)

LINES_SCHEMA = TableSchema(
    {
        "customer_id": _ID,
        "order_id": _ID,
        "day": ColumnSchema(pl.Int32),
        "minute": ColumnSchema(pl.Int16, low=0, high=1439, nullable=True),
        "product_id": ColumnSchema(pl.String, nullable=True),
        **_columns(("quantity", "amount"), pl.Int64),
        **_columns(("is_return", "is_order_head"), pl.Boolean),
        "void_day": ColumnSchema(pl.Int32, nullable=True),
        "country": ColumnSchema(pl.String, nullable=True),
        "discount": ColumnSchema(pl.Int64, low=0, nullable=True),
    },
    name="lines",
    strict=True,
    ordered=True,
)

CLUSTERING_INPUTS_SCHEMA = TableSchema(
    {
        "customer_id": _ID,
        "end": ColumnSchema(pl.Int32),
        "days": ColumnSchema(pl.Int32, low=1),
        "spend": ColumnSchema(pl.Int64),
        # What only wider clustering inputs ask for.
        "recency": ColumnSchema(pl.Int32, low=0, required=False),
        "products": ColumnSchema(pl.Int64, low=0, required=False),
        "units": ColumnSchema(pl.Int64, required=False),
        "refunds": ColumnSchema(pl.Int64, low=0, required=False),
    },
    name="clustering inputs",
    strict=True,
    ordered=True,
    unique=("customer_id", "end"),
)

ASSIGNMENTS_SCHEMA = TableSchema(
    {
        "customer_id": _ID,
        "segment": ColumnSchema(pl.Int8, low=0, high=99),
    },
    name="assignments",
    unique=("customer_id",),
)

PANEL_SCHEMA = TableSchema(
    {
        "customer_id": _ID,
        "cutoff": ColumnSchema(pl.Int32),
        **_columns(("state_now", "state_before"), pl.Int8, low=0),
        "label": ColumnSchema(pl.Int8, low=0, nullable=True),
        "is_new": ColumnSchema(pl.Boolean),
    },
    name="panel",
    unique=("customer_id", "cutoff"),
)


SCORES_SCHEMA = TableSchema(
    {
        "customer_id": _ID,
        "as_of": ColumnSchema(pl.Date),
        "is_eligible": ColumnSchema(pl.Boolean),
        **_columns(("segment_id", "segment"), pl.String),
        **_columns(("next_segment_id", "next_segment"), pl.String, nullable=True),
        **_columns(("p_down", "p_up", "p_inactive"), pl.Float64, low=0, high=1, nullable=True),
        # Spend of the outcome window if the present rhythm held; the part of it that is expected
        # to be lost, and what is expected beyond it; base − risk + upside, with a 90 % interval.
        # Missing without a forecast.
        **_columns(
            (
                *("base_value", "value_at_risk", "upside", "expected_value"),
                *("expected_value_low", "expected_value_high", "clv_year"),
            ),
            pl.Float64,
            low=0,
            nullable=True,
        ),
        "spent_to_date": ColumnSchema(pl.Float64),
        "segment_set": ColumnSchema(pl.String, nullable=True),
        "set_size": ColumnSchema(pl.Int64, low=1, nullable=True),
        "^p_S[0-9]+$": ColumnSchema(pl.Float64, low=0, high=1, nullable=True),
    },
    name="scores",
    unique=("customer_id",),
)

CAMPAIGN_LIST_SCHEMA = TableSchema(
    {
        "rank": ColumnSchema(pl.Int64, low=1),
        "customer_id": _ID,
        "arm": ColumnSchema(
            pl.String, words=("treatment", "universal holdout", "campaign holdout")
        ),
        # The stratum is segment and tenth of expected value.
        **_columns(("segment_id", "segment", "next_segment", "stratum"), pl.String),
        "value_at_stake": ColumnSchema(pl.Float64, low=0, nullable=True),
        **_columns(("p_down", "p_up", "p_inactive"), pl.Float64, low=0, high=1),
        **_columns(("expected_value", "spent_to_date"), pl.Float64),
    },
    name="campaign",
    strict=True,
    ordered=True,
    unique=("customer_id",),
)

_IMPORTANCE = {
    "scope": ColumnSchema(pl.String, words=("all", "class", "segment")),
    "segment_id": ColumnSchema(pl.String, nullable=True),
    "mean_abs": ColumnSchema(pl.Float64, low=0),
    "mean": ColumnSchema(pl.Float64),
    "share": ColumnSchema(pl.Float64, low=0, high=1),
    "rank": ColumnSchema(pl.Int32, low=1),
}

IMPORTANCE_SCHEMA = TableSchema(
    {**_IMPORTANCE, "feature": ColumnSchema(pl.String), "family": ColumnSchema(pl.String)},
    name="importance",
    strict=True,
)

GROUP_IMPORTANCE_SCHEMA = TableSchema(
    {
        **_IMPORTANCE,
        "level": ColumnSchema(pl.String, words=("group", "family", "headline")),
        "name": ColumnSchema(pl.String),
    },
    name="topics",
    strict=True,
)

CONTRIBUTIONS_SCHEMA = TableSchema(
    {
        "customer_id": _ID,
        "segment_id": ColumnSchema(pl.String),  # the customer's current segment
        "class_id": ColumnSchema(pl.String),  # the future segment that is explained
        # The segment that it is compared with; null where the margin is explained.
        "against_id": ColumnSchema(pl.String, nullable=True),
        **_columns(("feature", "group"), pl.String),
        "value": ColumnSchema(pl.Float64, nullable=True),
        "contribution": ColumnSchema(pl.Float64),
    },
    name="contributions",
    strict=True,
)

KPI_SCHEMA = TableSchema(
    {
        **_columns(("kpi", "scope"), pl.String),
        "age": ColumnSchema(pl.Int32, low=0, nullable=True),
        **_columns(("start", "end"), pl.Int32, nullable=True),
        "n": ColumnSchema(pl.Int64, low=0),
        **_columns(("part", "whole"), pl.Int64, nullable=True),
        **_columns(("value", "low", "high"), pl.Float64, nullable=True),
    },
    name="figures",
    strict=True,
    ordered=True,
    unique=("kpi", "scope", "age", "start", "end"),
)


def feature_schema(declared: Iterable[Feature]) -> TableSchema:
    """Return the schema of a feature table: declared, in range, never infinite."""
    columns = {
        f.name: ColumnSchema(pl.Float64, f.low, f.high, is_finite=True, nullable=True)
        for f in declared
    }
    return TableSchema(
        {"customer_id": _ID, **columns}, name="features", strict=True, unique=("customer_id",)
    )


def numeric_schema(columns: Iterable[str], *, min_rows: int = 0) -> TableSchema:
    """Return the schema of customers with these columns of finite numbers, none empty."""
    numbers = _columns(columns, pl.Float64, is_finite=True)
    return TableSchema(
        {"customer_id": _ID, **numbers},
        name="customers",
        unique=("customer_id",),
        min_rows=min_rows,
    )


def validate_schema(frame: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    """Return the frame if it satisfies its schema.

    >>> import polars as pl
    >>> rows = {"customer_id": ["a"], "segment": pl.Series([3], dtype=pl.Int8)}
    >>> validate_schema(pl.DataFrame(rows), ASSIGNMENTS_SCHEMA).height
    1
    """
    return schema.validate(frame)
