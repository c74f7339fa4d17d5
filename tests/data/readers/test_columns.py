"""Roles without a column: what is missing is named at once, with candidates by content."""

from pathlib import Path

import polars as pl
import pytest

from segpredict.config.source import SourceOptions
from segpredict.data.readers import from_frame, read_raw_lines
from segpredict.errors import ColumnMissingError, ContractError, UnreadableFileError

ODD_NAMES = {
    "belegt": ["31.01.2023", "01.02.2023", "01.02.2023"],
    "Customer type": ["new", "new", "returning"],
    "wert": ["12,50", "7,00", "3,99"],
    "Versandkosten": ["4,90", "4,90", "0,00"],
}


def refused(rows: dict[str, list], **layout) -> ContractError:
    with pytest.raises(ContractError) as caught:
        from_frame(pl.DataFrame(rows), SourceOptions(**layout))
    return caught.value


def test_all_missing_roles_are_named_at_once_and_the_hint_can_be_followed() -> None:
    error = refused({**ODD_NAMES, "buyer account": ["u1", "u2", "u1"]})
    assert isinstance(error, ColumnMissingError)
    for role, column in (("customer_id", "buyer account"), ("time", "belegt"), ("amount", "wert")):
        assert f"--map {role}='{column}'" in error.fix
    columns = {"customer_id": "buyer account", "time": "belegt", "amount": "wert"}
    assert (
        from_frame(
            pl.DataFrame(ODD_NAMES | {"buyer account": ["u1", "u2", "u1"]}),
            SourceOptions(columns=columns),
        ).frame.height
        == 3
    )


def test_no_hint_names_a_trait_of_customers_or_a_column_that_has_a_role() -> None:
    error = refused({"date": ["2023-01-31"], "Customer type": ["new"], "amount": ["3.50"]})
    assert "Customer type'" not in error.fix
    assert "'date'" not in error.fix


def test_a_price_that_may_be_of_all_pieces_is_asked_for_with_both_sums() -> None:
    rows = {
        "customer": ["a", "b"],
        "date": ["2023-01-31"] * 2,
        "quantity": ["3", "1"],
        "item-price": ["30.00", "12.00"],
    }
    error = refused(rows)
    assert "42.00 as the money of lines, and to 102.00" in error.message
    assert "--map amount='item-price'" in error.fix


def test_beside_a_price_a_column_of_whole_numbers_is_offered_as_the_pieces() -> None:
    rows = {
        "kunde": ["a", "a", "b"],
        "datum": ["2023-01-31", "2023-02-28", "2023-03-31"],
        "bestellung": [10001, 10002, 10003],
        "stueck": [2, 1, 2],
        "preis": ["2.50", "3.10", "2.50"],
    }
    error = refused(rows)
    assert "--map amount='preis' (where every row is one piece)" in error.fix
    assert "--map quantity='stueck'" in error.fix
    columns = SourceOptions(columns={"quantity": "stueck"})
    assert from_frame(pl.DataFrame(rows), columns).frame["quantity"].to_list() == ["2", "1", "2"]
    assert "--map quantity" not in refused({k: v for k, v in rows.items() if k != "stueck"}).fix


def test_where_no_column_holds_money_visits_may_be_counted() -> None:
    error = refused({"customer": ["a"], "date": ["2023-01-31"], "shop": ["x"]})
    assert "cleaning.revenue=visits" in error.fix


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            {
                "CustomerID": ["1", "2"],
                "Recency": ["3", "9"],
                "Frequency": ["1", "2"],
                "Monetary": ["3.5", "2"],
            },
            "one row per customer",
        ),
        (
            {"id": ["1", "2"], "Age": ["31", "44"], "Spending Score": ["39", "81"]},
            "nothing to forecast from",
        ),
        (
            {
                "Buchungstag": ["31.03.23"],
                "Valutadatum": ["31.03.23"],
                "BLZ": ["X"],
                "Betrag": ["1,00"],
            },
            "bank statement",
        ),
    ],
)
def test_another_kind_of_table_is_called_what_it_is(rows: dict[str, list], message: str) -> None:
    assert message in refused(rows).message


def test_a_clock_beside_the_day_is_not_taken_for_the_time() -> None:
    rows = {"Date": ["2023-01-31"], "Time": ["09:15:02"], "customer": ["a"], "amount": ["1.50"]}
    found = from_frame(pl.DataFrame(rows))
    assert found.frame["time"].to_list() == ["2023-01-31"]


def test_order_fields_on_the_first_row_only_are_carried_down() -> None:
    rows = {
        "order_id": ["1", None, "2", "2", "3", "3"],
        "customer_id": ["a", None, "b", None, "c", None],
        "date": ["2023-01-31", None, "2023-02-01", None, "2023-02-02", None],
        "status": ["paid", None, "cancelled", None, "paid", None],
        "amount": ["1.50", "2.50", "3.50", "4.50", "5.50", "6.50"],
    }
    found = from_frame(pl.DataFrame(rows))
    assert found.frame["customer_id"].to_list() == ["a", "a", "b", "b", "c", "c"]
    assert found.frame["order_id"].to_list() == ["1", "1", "2", "2", "3", "3"]
    assert "3 rows" in found.files[0].detected.others["carried_down"]


def test_one_missing_customer_among_whole_orders_is_not_filled() -> None:
    rows = {
        "order_id": ["1", "1", "2", "2"],
        "customer_id": ["a", "a", "b", None],
        "date": ["2023-01-31"] * 4,
        "amount": ["1.50", "2.50", "3.50", "4.50"],
    }
    assert from_frame(pl.DataFrame(rows)).frame["customer_id"].null_count() == 1


def test_money_that_is_not_used_is_named_with_its_sum() -> None:
    rows = {
        "customer_id": ["a", "b"],
        "date": ["2023-01-31"] * 2,
        "amount": ["1.50", "2.50"],
        "Shipping": ["4.90", "0.10"],
        "rebate": ["10%", "0%"],
    }
    found = from_frame(pl.DataFrame(rows)).files[0].detected.others
    assert found["money_not_used"] == "Shipping 5.00; rebate (in percent)"


def test_sums_below_the_table_are_not_carried_into_the_last_order() -> None:
    n = 12
    rows = {
        "order_id": [*map(str, range(n)), None],
        "customer_id": [*(f"c{i % 4}" for i in range(n)), None],
        "date": [*["2023-01-31"] * n, None],
        "amount": [*["1.50"] * n, "18.00"],
    }
    found = from_frame(pl.DataFrame(rows))
    assert found.frame["customer_id"].null_count() == 1


def test_a_document_number_is_no_customer_and_digits_are_no_days() -> None:
    rows = {
        "Belegnummer 2": ["R1", "R2", "R3"],
        "kd_id": ["19850714", "19850715", "19850714"],
        "tag": ["20230115", "20230116", "20230117"],
        "wert": ["3.50", "2.50", "1.25"],
    }
    error = refused(rows)
    assert "--map customer_id='kd_id'" in error.fix
    assert "--map time='tag'" in error.fix


@pytest.mark.parametrize("label", ["20110 Total", "Total_20110", "20110-sub_total"])
def test_a_subtotal_of_a_customer_is_a_footer(label: str) -> None:
    rows = {
        "customer_id": ["20110", "20110", label, "Total Wine"],
        "date": ["2023-01-31"] * 4,
        "amount": ["1.50", "2.50", "4.00", "7.00"],
    }
    found = from_frame(pl.DataFrame(rows))
    assert found.frame["customer_id"].to_list() == ["20110", "20110", "Total Wine"]
    assert found.rejects["value"].to_list() == [label]


def test_a_pointer_of_git_is_called_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(UnreadableFileError, match="Git LFS pointer"):
        read_raw_lines([str(path)])


def test_a_ledger_of_invoices_and_payments_is_called_what_it_is() -> None:
    n = 6
    rows = {
        "order_id": [str(i) for i in range(n)] * 2,
        "customer_id": [f"c{i % 3}" for i in range(n)] * 2,
        "date": ["2023-01-31"] * n + ["2023-02-28"] * n,
        "type": ["INV"] * n + ["PMT"] * n,
        "amount": [f"{10 + i}.00" for i in range(n)] + [f"-{10 + i}.00" for i in range(n)],
    }
    assert "ledger of invoices and payments" in refused(rows).message
    returned = {name: cells[: n + 2] for name, cells in rows.items()}
    returned["type"] = ["Sale"] * n + ["Return"] * 2  # two whole orders went back
    assert from_frame(pl.DataFrame(returned)).frame.height == n + 2
