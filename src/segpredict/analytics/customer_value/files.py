"""Keep what a run says customers are worth, and bring it back."""

from typing import Any

import polars as pl

from segpredict.analytics.customer_value import CustomerValueResult, ValueModel, value_by_segment
from segpredict.core.run_folder import RunDraft, RunFiles, encode_csv, encode_json, parquet_writer
from segpredict.core.segment import Segment

VALUE_MODEL_PATH = "customer_value/value_model.json"
VALUE_TABLES = ("sums", "errors", "segments")


def save_customer_value(
    draft: RunDraft,
    customer_value: CustomerValueResult,
    scores: pl.DataFrame,
    segments: tuple[Segment, ...],
) -> None:
    """Write what values customers, its back-test, and what segments are worth now."""
    draft.write(VALUE_MODEL_PATH, encode_json(customer_value.value_model.to_state()))
    found = (
        customer_value.backtest_sums,
        customer_value.backtest_errors,
        value_by_segment(scores, segments),
    )
    for name, table in zip(VALUE_TABLES, found, strict=True):
        draft.write(f"customer_value/{name}.parquet", parquet_writer(table))
        draft.write(f"customer_value/{name}.csv", encode_csv(table))


def load_value_model(files: RunFiles) -> ValueModel | None:
    """Return what values customers in a run; ``None`` where nobody was valued."""
    return (
        ValueModel.from_state(files.read_json(VALUE_MODEL_PATH))
        if files.has(VALUE_MODEL_PATH)
        else None
    )


def load_customer_value(files: RunFiles) -> dict[str, Any]:
    """Return what the page says of worth: the tables, and how it was valued."""
    if not files.has(VALUE_MODEL_PATH):
        return {}
    tables = {name: files.read_parquet(f"customer_value/{name}.parquet") for name in VALUE_TABLES}
    return {**tables, "valuer": files.read_json(VALUE_MODEL_PATH)}
