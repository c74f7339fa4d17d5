"""The schema of every table that crosses from one room to the next.

Frames are checked eagerly: on a lazy frame pandera checks types only and lets bad values
pass silently.
"""

from collections.abc import Iterable
from typing import Any

import pandera.errors
import pandera.polars as pa
import polars as pl

from segpredict.core.panel import Feature
from segpredict.errors import SchemaError

COLUMN_ROLES = (
    *("order_id", "product_id", "description", "quantity", "time", "price", "amount"),
    *("customer_id", "country", "discount", "currency", "status", "cancelled", "refund"),
    "order_total",
    "stated_amount",  # an amount beside quantity and price: compared with their product
)

_ID = pa.Check.str_length(min_value=1, max_value=256)
_CHANCE = pa.Check.in_range(0, 1)
_FINITE = pa.Check(
    lambda data: data.lazyframe.select(pl.col(data.key).is_finite()),
    name="finite",
    error="must be finite",
)


def _columns(
    names: Iterable[str], kind: type[pl.DataType], check: pa.Check | None = None, **options: Any
) -> dict[str, pa.Column]:
    """Return columns of one kind, each an object of its own, since a schema names it."""
    return {name: pa.Column(kind, check, **options) for name in names}


RAW_LINES_SCHEMA = pa.DataFrameSchema(
    {
        "file": pa.Column(pl.Int32, pa.Check.ge(0)),
        "row": pa.Column(pl.Int64, pa.Check.ge(1)),
        **_columns(COLUMN_ROLES, pl.String, nullable=True, required=False),
    },
    name="raw lines",
    strict=True,
)

LINES_SCHEMA = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(pl.String, _ID),
        "order_id": pa.Column(pl.String, _ID),
        "day": pa.Column(pl.Int32),
        "minute": pa.Column(pl.Int16, pa.Check.in_range(0, 1439), nullable=True),
        "product_id": pa.Column(pl.String, nullable=True),
        **_columns(("quantity", "amount"), pl.Int64),
        **_columns(("is_return", "is_order_head"), pl.Boolean),
        "void_day": pa.Column(pl.Int32, nullable=True),
        "country": pa.Column(pl.String, nullable=True),
        "discount": pa.Column(pl.Int64, pa.Check.ge(0), nullable=True),
    },
    name="lines",
    strict=True,
    ordered=True,
)

CLUSTERING_INPUTS_SCHEMA = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(pl.String, _ID),
        "end": pa.Column(pl.Int32),
        "days": pa.Column(pl.Int32, pa.Check.ge(1)),
        "spend": pa.Column(pl.Int64),
        # What only wider clustering inputs ask for.
        "recency": pa.Column(pl.Int32, pa.Check.ge(0), required=False),
        "products": pa.Column(pl.Int64, pa.Check.ge(0), required=False),
        "units": pa.Column(pl.Int64, required=False),
        "refunds": pa.Column(pl.Int64, pa.Check.ge(0), required=False),
    },
    name="clustering inputs",
    strict=True,
    ordered=True,
    unique=["customer_id", "end"],
)

ASSIGNMENTS_SCHEMA = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(pl.String, _ID),
        "segment": pa.Column(pl.Int8, pa.Check.in_range(0, 99)),
    },
    name="assignments",
    unique=["customer_id"],
)

PANEL_SCHEMA = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(pl.String, _ID),
        "cutoff": pa.Column(pl.Int32),
        **_columns(("state_now", "state_before"), pl.Int8, pa.Check.ge(0)),
        "label": pa.Column(pl.Int8, pa.Check.ge(0), nullable=True),
        "is_new": pa.Column(pl.Boolean),
    },
    name="panel",
    unique=["customer_id", "cutoff"],
)


SCORES_SCHEMA = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(pl.String, _ID),
        "as_of": pa.Column(pl.Date),
        "is_eligible": pa.Column(pl.Boolean),
        **_columns(("segment_id", "segment"), pl.String),
        **_columns(("next_segment_id", "next_segment"), pl.String, nullable=True),
        **_columns(("p_down", "p_up", "p_inactive"), pl.Float64, _CHANCE, nullable=True),
        # Spend of the outcome window if the present rhythm held; the part of it that is expected
        # to be lost, and what is expected beyond it; base − risk + upside, with a 90 % interval.
        # Missing without a forecast.
        **_columns(
            (
                *("base_value", "value_at_risk", "upside", "expected_value"),
                *("expected_value_low", "expected_value_high", "clv_year"),
            ),
            *(pl.Float64, pa.Check.ge(0)),
            nullable=True,
        ),
        "spent_to_date": pa.Column(pl.Float64),
        "segment_set": pa.Column(pl.String, nullable=True),
        "set_size": pa.Column(pl.Int64, pa.Check.ge(1), nullable=True),
        "^p_S[0-9]+$": pa.Column(pl.Float64, _CHANCE, nullable=True, regex=True),
    },
    name="scores",
    unique=["customer_id"],
)

CAMPAIGN_LIST_SCHEMA = pa.DataFrameSchema(
    {
        "rank": pa.Column(pl.Int64, pa.Check.ge(1)),
        "customer_id": pa.Column(pl.String, _ID),
        "arm": pa.Column(
            pl.String, pa.Check.isin(["treatment", "universal holdout", "campaign holdout"])
        ),
        # The stratum is segment and tenth of expected value.
        **_columns(("segment_id", "segment", "next_segment", "stratum"), pl.String),
        "value_at_stake": pa.Column(pl.Float64, pa.Check.ge(0), nullable=True),
        **_columns(("p_down", "p_up", "p_inactive"), pl.Float64, _CHANCE),
        **_columns(("expected_value", "spent_to_date"), pl.Float64),
    },
    name="campaign",
    strict=True,
    ordered=True,
    unique=["customer_id"],
)

_IMPORTANCE = {
    "scope": pa.Column(pl.String, pa.Check.isin(["all", "class", "segment"])),
    "segment_id": pa.Column(pl.String, nullable=True),
    "mean_abs": pa.Column(pl.Float64, pa.Check.ge(0)),
    "mean": pa.Column(pl.Float64),
    "share": pa.Column(pl.Float64, _CHANCE),
    "rank": pa.Column(pl.Int32, pa.Check.ge(1)),
}

IMPORTANCE_SCHEMA = pa.DataFrameSchema(
    {**_IMPORTANCE, "feature": pa.Column(pl.String), "family": pa.Column(pl.String)},
    name="importance",
    strict=True,
)

GROUP_IMPORTANCE_SCHEMA = pa.DataFrameSchema(
    {
        **_IMPORTANCE,
        "level": pa.Column(pl.String, pa.Check.isin(["group", "family", "headline"])),
        "name": pa.Column(pl.String),
    },
    name="topics",
    strict=True,
)

CONTRIBUTIONS_SCHEMA = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(pl.String, _ID),
        "segment_id": pa.Column(pl.String),  # the customer's current segment
        "class_id": pa.Column(pl.String),  # the future segment that is explained
        # The segment that it is compared with; null where the margin is explained.
        "against_id": pa.Column(pl.String, nullable=True),
        **_columns(("feature", "group"), pl.String),
        "value": pa.Column(pl.Float64, nullable=True),
        "contribution": pa.Column(pl.Float64),
    },
    name="contributions",
    strict=True,
)

KPI_SCHEMA = pa.DataFrameSchema(
    {
        **_columns(("kpi", "scope"), pl.String),
        "age": pa.Column(pl.Int32, pa.Check.ge(0), nullable=True),
        **_columns(("start", "end"), pl.Int32, nullable=True),
        "n": pa.Column(pl.Int64, pa.Check.ge(0)),
        **_columns(("part", "whole"), pl.Int64, nullable=True),
        **_columns(("value", "low", "high"), pl.Float64, nullable=True),
    },
    name="figures",
    strict=True,
    ordered=True,
    unique=["kpi", "scope", "age", "start", "end"],
)


def feature_schema(declared: Iterable[Feature]) -> pa.DataFrameSchema:
    """Return the schema of a feature table: declared, in range, never infinite."""
    columns = {f.name: pa.Column(pl.Float64, _in_range(f), nullable=True) for f in declared}
    ids = {"customer_id": pa.Column(pl.String, _ID)}
    return pa.DataFrameSchema(
        {**ids, **columns}, name="features", strict=True, unique=["customer_id"]
    )


def numeric_schema(columns: Iterable[str], *, min_rows: int = 0) -> pa.DataFrameSchema:
    """Return the schema of customers with these columns of finite numbers, none empty."""
    enough = pa.Check(
        lambda data: data.lazyframe.collect().height >= min_rows,
        name="enough",
        error=f"must hold at least {min_rows} customers",
    )
    return pa.DataFrameSchema(
        {
            "customer_id": pa.Column(pl.String, _ID),
            **_columns(columns, pl.Float64, _FINITE),
        },
        checks=enough,
        name="customers",
        unique=["customer_id"],
    )


def _in_range(feature: Feature) -> list[pa.Check]:
    low, high = feature.low, feature.high
    bounds = [
        *([] if low is None else [pa.Check.ge(low)]),
        *([] if high is None else [pa.Check.le(high)]),
    ]
    return [_FINITE, *bounds]


def validate_schema(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> pl.DataFrame:
    """Return the frame if it satisfies its schema.

    >>> import polars as pl
    >>> rows = {"customer_id": ["a"], "segment": pl.Series([3], dtype=pl.Int8)}
    >>> validate_schema(pl.DataFrame(rows), ASSIGNMENTS_SCHEMA).height
    1
    """
    try:
        return schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        grouped = cases.group_by("column", "check", maintain_order=True).agg(
            pl.len(), pl.col("failure_case").first()
        )
        failures = [
            f"{r['column']} fails {r['check']} ({r['len']} ×, e.g. {r['failure_case']})"
            for r in grouped.to_dicts()
        ]
        raise SchemaError(schema.name or "inner", failures) from None
