"""Profiles are worked out by hand, in original units, and keep small groups private."""

import polars as pl
import pytest

from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import SchemaError
from segpredict.segmentation import segment_profile_table
from segpredict.segmentation.naming import name_segments

IDS = [f"a{i}" for i in range(5)] + [f"b{i}" for i in range(6)] + ["c0", "c1"]
CODES = [0] * 5 + [1] * 6 + [2] * 2
BOUGHT = [(f"b{i}", i % 2 + 1, 10 * (i + 1)) for i in range(6)]
BOUGHT += [("c0", 9, 900), ("c1", 7, 800)]


def assignments(ids=IDS, codes=CODES) -> pl.DataFrame:
    return pl.DataFrame({"customer_id": ids, "segment": pl.Series(codes, dtype=pl.Int8)})


def instrument(bought=BOUGHT, end: int = 91) -> pl.DataFrame:
    ids, days, spend = zip(*bought, strict=True)
    return pl.DataFrame(
        {
            "customer_id": list(ids),
            "end": pl.Series([end] * len(ids), dtype=pl.Int32),
            "days": pl.Series(days, dtype=pl.Int32),
            "spend": pl.Series([s * MONEY_SCALE for s in spend], dtype=pl.Int64),
        }
    )


FEATURES = pl.DataFrame(
    {"customer_id": IDS, "recency_days": [200.0] * 5 + [10.0 * i for i in range(8)]}
)
SEGMENTS = name_segments(3, {})


def profile_rows(labels: pl.DataFrame | None = None) -> dict[int, dict]:
    rows = segment_profile_table(assignments(), instrument(), FEATURES, SEGMENTS, labels)
    return {row["segment"]: row for row in rows.to_dicts()}


def test_every_segment_has_a_row_with_its_size():
    rows = segment_profile_table(assignments(), instrument(), FEATURES, SEGMENTS)
    assert rows.select("segment", "id", "n").rows() == [
        (0, "S0", 5),
        (1, "S1", 6),
        (2, "S2", 2),
        (3, "S3", 0),
    ]
    assert rows["share"].sum() == pytest.approx(1.0)


def test_shares_of_nothing_are_not_defined():
    nobody = instrument().clear()
    rows = segment_profile_table(assignments(), nobody, FEATURES, SEGMENTS)
    assert rows["revenue_share"].null_count() == rows["days_share"].null_count() == 4
    assert rows["order_value"].null_count() == 4


def test_figures_are_in_currency_and_days():
    row = profile_rows()[1]
    assert (row["revenue"], row["days"]) == (210.0, 9)
    assert row["order_value"] == pytest.approx(210 / 9)
    assert (row["spend_mean"], row["spend_median"]) == (35.0, 35.0)
    assert (row["spend_q25"], row["spend_q75"]) == (22.5, 47.5)
    assert (row["days_mean"], row["days_median"]) == (1.5, 1.5)
    assert row["recency_median"] == 25.0


def test_orders_are_shared_out_and_returns_are_a_share_of_sales():
    refunds = pl.Series([0, 10, 20, 0, 0, 0, 90, 0], dtype=pl.Int64) * MONEY_SCALE
    bought = instrument().with_columns(refunds=refunds)
    rows = segment_profile_table(assignments(), bought, FEATURES, SEGMENTS)
    row = rows.row(1, named=True)
    assert row["return_rate"] == 30 / 240
    assert row["days_share"] == 1.0
    assert profile_rows()[1]["return_rate"] is None


def test_the_inactive_have_no_order_value():
    row = profile_rows()[0]
    assert (row["revenue"], row["days"], row["order_value"]) == (0.0, 0, None)
    assert row["recency_median"] == 200.0


def test_fewer_than_five_customers_show_only_their_number():
    row = profile_rows()[2]
    assert row["n"] == 2
    hidden = {n: v for n, v in row.items() if v is not None}
    assert set(hidden) == {"segment", "id", "name", "n", "share"}


def test_hidden_revenue_cannot_be_found_by_subtraction():
    assert profile_rows()[1]["revenue_share"] == 1.0


def test_retention_is_the_share_that_came_back():
    labels = assignments(["b0", "b1", "b2", "a0", "zz"], [1, 2, 1, 1, 1])
    rows = profile_rows(labels)
    assert rows[1]["retention"] == 0.5
    assert rows[1]["retention_low"] == pytest.approx(0.1876, abs=1e-4)
    assert rows[1]["retention_high"] == pytest.approx(0.8124, abs=1e-4)
    assert rows[0]["retention"] == 0.2


def test_without_labels_nothing_is_said_of_retention():
    assert profile_rows()[1]["retention"] is None
    assert profile_rows()[1]["retention_low"] is None


def test_several_windows_are_refused():
    two = pl.concat([instrument(), instrument(end=119)])
    with pytest.raises(SchemaError, match="2 windows instead of one"):
        segment_profile_table(assignments(), two, FEATURES, SEGMENTS)


def test_row_order_changes_nothing():
    one = segment_profile_table(assignments(), instrument(), FEATURES, SEGMENTS)
    other = segment_profile_table(
        assignments(IDS[::-1], CODES[::-1]), instrument(BOUGHT[::-1]), FEATURES.reverse(), SEGMENTS
    )
    assert one.equals(other)
