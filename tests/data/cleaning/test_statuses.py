"""Statuses: which rows are sales, by setting, by common words, or by asking."""

import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.config.cleaning import CleaningOptions
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import from_frame, read_raw_lines
from segpredict.errors import ContractError


def shop(
    rows: list[tuple[str | None, str, str | None, str]], name: str = "status", **plan
) -> Transactions:
    """Clean rows of order number, customer, status and amount."""
    number, customer, status, amount = zip(*rows, strict=True)
    frame = pl.DataFrame(
        {
            "order_id": list(number),
            "customer_id": list(customer),
            "date": ["2023-03-17"] * len(rows),
            name: list(status),
            "amount": list(amount),
        }
    )
    return clean_lines(from_frame(frame), CleaningOptions(**plan))


def used(found: Transactions) -> float:
    return found.ledger.total("used").money / MONEY_SCALE


@pytest.mark.parametrize("name", ["status", "payment_status", "Order state", "État", "whatever"])
def test_a_status_is_found_by_its_values(name: str) -> None:
    rows = [("1", "a", "paid", "10"), ("2", "a", "cancelled", "500"), ("3", "b", "Refunded", "30")]
    assert used(shop(rows, name)) == 10


def test_a_state_of_another_kind_is_no_status() -> None:
    rows = [("1", "a", "married", "10"), ("2", "a", "single", "5")]
    found = shop(rows, "marital_status")
    assert found.statuses is None
    assert used(found) == 15


def test_every_value_is_listed_with_its_rows_and_money() -> None:
    rows = [("1", "a", "paid", "100"), ("2", "a", "failed", "7"), ("3", "b", "odd", "1")]
    table = shop(rows).statuses
    assert sorted(table.rows()) == [
        ("failed", 1, 7.0, "no sale"),
        ("odd", 1, 1.0, "unknown: taken for a sale"),
        ("paid", 1, 100.0, "sale"),
    ]


def test_unknown_values_with_much_money_are_asked_for_and_settings_answer() -> None:
    rows = [("1", "a", "paid", "100"), ("2", "a", "in clearing", "60")]
    with pytest.raises(
        ContractError, match=r'"in clearing" .1 rows, 37\.5% of the money'
    ) as caught:
        shop(rows)
    assert "cleaning.sale_statuses" in caught.value.fix
    assert used(shop(rows, sale_statuses=("In Clearing",))) == 160
    assert used(shop(rows, void_statuses=("in clearing",))) == 100


def test_a_setting_is_stronger_than_a_common_word() -> None:
    rows = [("1", "a", "paid", "100"), ("2", "a", "cancelled", "60")]
    assert used(shop(rows, sale_statuses=("cancelled",))) == 160


def test_a_failed_try_takes_no_paid_retry_with_it() -> None:
    rows = [(None, "a", "failed", "40"), (None, "a", "paid", "40"), (None, "b", "paid", "25")]
    assert used(shop(rows)) == 65


def test_a_status_on_the_first_line_holds_for_lines_of_the_order_without_one() -> None:
    rows = [("1", "a", "cancelled", "40"), ("1", "a", None, "2"), ("2", "b", "paid", "25")]
    assert used(shop(rows)) == 25
    own = [("1", "a", "cancelled", "40"), ("1", "a", "shipped", "2"), ("2", "b", "paid", "25")]
    assert used(shop(own)) == 27


STATUSES = st.sampled_from(["paid", "cancelled", "refunded", "credit note", "odd", None])
NUMBERS, AMOUNTS = st.sampled_from(["1", "2", None]), st.sampled_from(["10", "20", "-10"])
CERTAIN = [(str(n), "z", "paid", "1000") for n in (7, 8, 9)]  # so that a column of statuses is seen


@given(
    rows=st.lists(st.tuples(NUMBERS, st.sampled_from("ab"), STATUSES, AMOUNTS), max_size=12),
    name=st.sampled_from(["status", "document type"]),
    seed=st.integers(0, 99),
)
def test_the_order_of_rows_decides_no_status(rows: list[tuple], name: str, seed: int) -> None:
    rows = [*rows, *CERTAIN]
    shuffled = random.Random(seed).sample(rows, len(rows))
    one, other = (shop(each, name, on_bad_rows="quarantine") for each in (rows, shuffled))
    assert one.fingerprint == other.fingerprint
    assert one.ledger == other.ledger
    assert one.notes == other.notes


def test_the_order_of_rows_decides_no_status_where_files_overlap(tmp_path: Path) -> None:
    twice = ["1,a,2023-03-17,paid,10", "1,a,2023-03-17,cancelled,10"]
    sums = set()
    for number, order in enumerate((twice, twice[::-1])):
        paths = [str(tmp_path / f"{number}{name}.csv") for name in "ab"]
        for path, rows in zip(paths, (twice[1:], order), strict=True):
            text = "\n".join(["order_id,customer_id,date,status,amount", *rows, ""])
            Path(path).write_text(text)
        sums.add(used(clean_lines(read_raw_lines(paths))))
    assert sums == {10}


def test_a_refund_row_stays_where_its_sale_stays() -> None:
    both_gone = [("1", "a", "refunded", "40"), ("1", "a", "refunded", "-40")]
    other = ("2", "b", "paid", "25")
    assert used(shop([*both_gone, other])) == 25
    assert used(shop([("1", "a", "completed", "40"), ("9", "a", "refund", "-15"), other])) == 50


def test_rows_that_are_no_sale_need_no_money() -> None:
    rows = [("1", "a", "paid", "100"), ("2", "a", "cancelled", None)]
    assert used(shop(rows)) == 100


def test_a_column_of_cancellations_is_used() -> None:
    rows = [("1", "a", "2023-03-18", "40"), ("1", "a", None, "2"), ("2", "b", None, "25")]
    assert used(shop(rows, "cancelled at")) == 25
    flags = [("1", "a", "true", "40"), ("1", "a", "false", "2"), ("2", "b", "no", "25")]
    assert used(shop(flags, "is_cancelled")) == 27


def test_void_words_that_match_nothing_are_said() -> None:
    found = shop([("1", "a", "paid", "100")], void_statuses=("fehlgeschlagn",))
    assert any("No row has the status fehlgeschlagn" in note for note in found.notes)


def table(columns: dict[str, list], **plan) -> Transactions:
    n = len(next(iter(columns.values())))
    base = {
        "order_id": [str(i) for i in range(n)],
        "customer_id": [f"c{i % 3}" for i in range(n)],
        "date": ["2023-03-17"] * n,
        "amount": ["10", "20", "40"],
    }
    return clean_lines(from_frame(pl.DataFrame({**base, **columns})), CleaningOptions(**plan))


def test_a_row_is_no_sale_if_any_status_column_says_so() -> None:
    both = {
        "payment_status": ["paid", "paid", "failed"],
        "order_status": ["complete", "cancelled", "complete"],
    }
    assert used(table(both)) == 10


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Storniert", ["nein", "ja", "ja"]),
        ("returned", ["No", "Yes", "Yes"]),
        ("is_paid", ["1", "0", "0"]),
        ("refunded", ["0", "1", "1"]),
        ("cancelled_at", ["NaT", "2023-03-18", "2023-03-19"]),
        ("test", ["false", "true", "true"]),
    ],
)
def test_columns_of_yes_and_no_say_what_is_no_sale(name: str, cells: list[str]) -> None:
    assert used(table({name: cells})) == 10


def test_a_column_that_cancels_every_row_is_refused() -> None:
    with pytest.raises(ContractError, match="Every row is marked as cancelled"):
        table({"cancelled": ["maybe", "maybe", "perhaps"]})


def test_a_named_status_of_unknown_words_is_asked_for() -> None:
    with pytest.raises(ContractError, match="not known whether these statuses are sales"):
        table({"order_status_id": [5, 5, 7]})


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("type", ["cart", "basket", "deposit"]),
        ("payment", ["transfer", "transfer", "transfer"]),
        ("state", ["CA", "NY", "TX"]),
        ("loyalty_status", ["gold", "silver", "gold"]),
    ],
)
def test_words_of_goods_and_payments_are_no_statuses(name: str, cells: list[str]) -> None:
    assert used(table({name: cells})) == 70


def test_a_credit_note_is_money_paid_back() -> None:
    found = table({"Document Type": ["Invoice", "Credit Note", "Invoice"]})
    assert used(found) == 10 - 20 + 40


def test_views_and_carts_are_no_sales() -> None:
    events = {"event": ["product_viewed", "added_to_basket", "order_completed"]}
    assert used(table(events)) == 40
