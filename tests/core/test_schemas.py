import polars as pl
import pytest

import shop
from segpredict.core import schemas
from segpredict.core.panel import Feature
from segpredict.errors import SchemaError

SCHEMA = schemas.feature_schema([Feature("age", "Age.", "days", 0, 5)])


def ages(*values: float | None) -> pl.DataFrame:
    ids = [f"c{i}" for i in range(len(values))]
    return pl.DataFrame({"customer_id": ids, "age": values}, schema_overrides={"age": pl.Float64})


def test_missing_values_and_values_in_range_pass() -> None:
    assert schemas.validate_schema(ages(0.0, 5.0, None), SCHEMA).height == 3


@pytest.mark.parametrize("bad", [float("inf"), float("nan"), -1.0, 5.1])
def test_infinite_missing_by_nan_and_out_of_range_values_are_named(bad: float) -> None:
    with pytest.raises(SchemaError, match=r"features table.*age"):
        schemas.validate_schema(ages(1.0, bad), SCHEMA)


def test_a_column_that_nobody_declared_is_refused() -> None:
    extra = ages(1.0).with_columns(height=pl.lit(1.0))
    with pytest.raises(SchemaError, match="height"):
        schemas.validate_schema(extra, SCHEMA)


def test_two_rows_for_one_customer_are_refused() -> None:
    twice = pl.concat([ages(1.0), ages(2.0)])
    with pytest.raises(SchemaError):
        schemas.validate_schema(twice, SCHEMA)


def test_the_test_shops_keep_the_contract_of_the_canonical_lines() -> None:
    lines = shop.world(customers=30).lines.collect()
    assert schemas.validate_schema(lines, schemas.LINES_SCHEMA).height == lines.height
