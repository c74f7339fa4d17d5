import polars as pl
import pytest

import shop
from segpredict import contracts
from segpredict.errors import TableError
from segpredict.tables import Feature

SCHEMA = contracts.features([Feature("age", "Age.", "days", 0, 5)])


def ages(*values: float | None) -> pl.DataFrame:
    ids = [f"c{i}" for i in range(len(values))]
    return pl.DataFrame(
        {"customer_id": ids, "age": values}, schema_overrides={"age": pl.Float64}
    )


def test_missing_values_and_values_in_range_pass() -> None:
    assert contracts.check(ages(0.0, 5.0, None), SCHEMA).height == 3


@pytest.mark.parametrize("bad", [float("inf"), float("nan"), -1.0, 5.1])
def test_infinite_missing_by_nan_and_out_of_range_values_are_named(bad: float) -> None:
    with pytest.raises(TableError, match=r"features table.*age"):
        contracts.check(ages(1.0, bad), SCHEMA)


def test_a_column_that_nobody_declared_is_refused() -> None:
    extra = ages(1.0).with_columns(height=pl.lit(1.0))
    with pytest.raises(TableError, match="height"):
        contracts.check(extra, SCHEMA)


def test_two_rows_for_one_customer_are_refused() -> None:
    twice = pl.concat([ages(1.0), ages(2.0)])
    with pytest.raises(TableError):
        contracts.check(twice, SCHEMA)


def test_the_test_shops_keep_the_contract_of_the_canonical_lines() -> None:
    lines = shop.world(customers=30).lines.collect()
    assert contracts.check(lines, contracts.LINES).height == lines.height
