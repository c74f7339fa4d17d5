"""Each table of the star, on three customers worked out by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from small_star import star

from segpredict.core.pseudonyms import Pseudonymizer
from segpredict.report import bi
from segpredict.report.bi import BI_TABLES

DECLARED = {table.name: table for table in BI_TABLES}
SECRET = Pseudonymizer(b"sixteen bytes or more")
NESTED = (pl.List, pl.Struct, pl.Array, pl.Object, pl.Categorical)


def table(name: str, **changes) -> pl.DataFrame:
    made, declared = star(**changes), DECLARED[name]
    if not declared.is_batched:
        return declared.build_rows(made)
    return pl.concat(declared.build_rows(share) for share in made.customer_batches())


def test_an_order_is_one_number_on_one_day_and_its_return_another() -> None:
    told = table("orders").select("order_key", "customer_id", "is_order", "lines")
    assert told.rows() == [
        (1, "ann", True, 2),
        (2, "ann", False, 1),
        (3, "ann", True, 1),
        (4, "bob", False, 1),
        (5, "bob", False, 1),
        (6, "cid", False, 1),
    ]


def test_what_was_sent_back_whole_has_an_amount_and_no_revenue() -> None:
    bob = table("orders").filter(customer_id="bob")
    assert bob["amount"].to_list() == [Decimal("99.0000"), Decimal("-99.0000")]
    assert bob["revenue"].to_list() == [Decimal(0), Decimal(0)]
    assert bob["void_date"].to_list() == [date(2024, 3, 2)] * 2


def test_the_first_order_that_counts_is_marked() -> None:
    first = table("orders").filter("is_first")
    assert first["order_key"].to_list() == [1]


def test_lines_are_numbered_and_name_their_order() -> None:
    told = table("lines")
    assert told["line_key"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    orders = table("orders").select("order_key", "customer_id", "date")
    joined = told.join(orders, on=["order_key", "customer_id", "date"], how="semi")
    assert joined.height == 7


def test_customers_add_up_what_they_did() -> None:
    told = table("customers")
    ann, bob, cid = told.rows(named=True)
    assert ann["first_order_date"] == date(2024, 2, 1)
    assert ann["cohort_month"] == date(2024, 2, 1)
    assert (ann["orders"], ann["revenue"]) == (2, Decimal("18.5"))
    assert ann["returned"] == Decimal("-1.25")
    assert (bob["orders"], bob["revenue"], bob["first_order_date"]) == (0, 0, None)
    # Who was never assigned a segment is inactive, so that every row joins one.
    assert (cid["segment_id"], cid["is_eligible"]) == ("S0", False)
    assert cid["revenue"] == Decimal("-4")


def test_money_of_forecasts_is_rounded_to_four_digits() -> None:
    ann = table("scores").row(0, named=True)
    assert ann["expected_value"] == Decimal("12.3457")
    assert ann["value_at_risk"] == Decimal("3.0000")
    assert ann["p_next"] == 0.5
    assert ann["clv_year"] is None


def test_segments_sum_the_customers_rows_to_the_last_digit() -> None:
    told = table("segments").filter(segment_id="S2").row(0, named=True)
    assert told["expected_value"] == Decimal("12.3457")
    assert (told["customers"], told["customers_share"]) == (1, 1.0)
    assert told["customers_expected"] == 0.25


def test_chances_have_a_row_for_each_segment() -> None:
    assert table("probabilities").rows() == [
        ("ann", "S0", 0.25),
        ("ann", "S1", 0.5),
        ("ann", "S2", 0.25),
    ]


def test_moves_name_their_periods() -> None:
    counted = pl.DataFrame(
        {
            "since": [date(2024, 3, 4)],
            "until": [date(2024, 4, 1)],
            "from_id": ["NEW"],
            "to_id": ["S1"],
            "n": [3.0],
            "share": [1.0],
            "low": [0.4],
            "high": [1.0],
            "is_small": [True],
        }
    )
    told = table("transitions", transitions={"observed": counted}).filter(kind="observed")
    assert told.row(0)[:6] == (
        *("observed", date(2024, 3, 4), date(2024, 4, 1)),
        *("NEW", "S1", 3.0),
    )
    assert "NEW" in table("segments")["segment_id"]


def test_dates_are_whole_years_without_a_gap() -> None:
    days = table("dates")
    assert (days["date"].min(), days["date"].max()) == (
        date(2024, 1, 1),
        date(2024, 12, 31),
    )
    assert days.height == 366


def test_windows_are_counted_back_from_the_end() -> None:
    days = table("dates").filter(pl.col("window").is_not_null())
    ends = days.group_by("window").agg(
        pl.col("date").min().alias("first"), pl.col("date").max().alias("last")
    )
    assert ends.sort("window").rows() == [
        (-1, date(2024, 4, 1), date(2024, 4, 28)),
        (0, date(2024, 3, 4), date(2024, 3, 31)),
        (1, date(2024, 2, 5), date(2024, 3, 3)),
    ]


def test_a_month_that_the_data_do_not_cover_is_not_whole() -> None:
    whole = table("dates").filter("is_month_whole")["month_name"].unique()
    assert sorted(whole) == ["February", "March"]


def test_without_scores_their_tables_are_empty_and_keep_their_columns() -> None:
    for name in ("scores", "probabilities", "transitions"):
        told = table(name, scores=None)
        assert told.height == 0
        assert told.schema == table(name).schema


@pytest.mark.parametrize("name", DECLARED)
def test_no_column_is_nested_and_all_are_declared(name: str) -> None:
    schema = table(name).schema
    assert list(schema) == [column.name for column in DECLARED[name].columns]
    assert not any(isinstance(kind, NESTED) for kind in schema.values())


@pytest.mark.parametrize("name", ["customers", "orders", "lines", "scores", "probabilities"])
@pytest.mark.parametrize("pseudonyms", [None, SECRET])
def test_shares_change_nothing(name: str, pseudonyms: Pseudonymizer | None) -> None:
    whole = table(name, pseudonyms=pseudonyms)
    assert table(name, pseudonyms=pseudonyms, lines=1).equals(whole)


def test_hashed_ids_join_and_hide_the_order_of_the_shops_own() -> None:
    customers = table("customers", pseudonyms=SECRET)["customer_id"]
    assert set(customers) == {SECRET.hash_id(who) for who in ("ann", "bob", "cid")}
    assert customers.is_sorted()
    for name in ("orders", "lines", "scores", "probabilities"):
        assert set(table(name, pseudonyms=SECRET)["customer_id"]) <= set(customers)


def test_hashed_tables_name_no_customer_and_no_order(tmp_path: Path) -> None:
    bi.write_star_schema(star(pseudonyms=SECRET), tmp_path)
    orders = pl.read_csv(tmp_path / "orders.csv", infer_schema=False)
    assert not set(orders["order_id"]) & {"1", "2", "3", "4"}
    for path in tmp_path.glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        assert not any(f"{who}," in text for who in ("ann", "bob", "cid"))


def test_both_forms_of_a_table_hold_the_same(tmp_path: Path) -> None:
    rows = bi.write_star_schema(star(), tmp_path)
    for name in DECLARED:
        stored = pl.read_parquet(tmp_path / f"{name}.parquet")
        text = pl.read_csv(tmp_path / f"{name}.csv", infer_schema=False)
        assert stored.height == text.height == rows[name]
        written = pl.read_csv(stored.write_csv().encode(), infer_schema=False)
        assert text.equals(written)


def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path) -> None:
    shop = star().shop
    lines = shop.lines.with_columns(product_id=pl.lit("=1+1"))
    bi.write_star_schema(star(shop=replace(shop, lines=lines)), tmp_path)
    assert "'=1+1" in (tmp_path / "lines.csv").read_text(encoding="utf-8")
    assert pl.read_parquet(tmp_path / "lines.parquet")["product_id"][0] == "=1+1"


def test_a_monitored_run_has_its_figures_beside_their_bands() -> None:
    assert table("forecast_checks").is_empty()
    rows = [("2024-05-01", "ece", 9, 0.02, 0.01, None, None, False)]
    names = ["date", "figure", "n", "value", "expected", "low", "high", "is_worse"]
    told = table("forecast_checks", checks=pl.DataFrame(rows, names, orient="row")).row(0)
    start = (date(2024, 5, 1), "ece", "Calibration error", 9)
    assert told == (*start, 0.02, 0.01, None, None, False)
