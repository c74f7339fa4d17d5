import polars as pl
import pytest
from raw_shop import SHOP, cleaned, frame, lines, sale

from segpredict.config.cleaning import CleaningOptions
from segpredict.config.source import SourceOptions
from segpredict.core.ledger import LedgerCount
from segpredict.core.schemas import LINES_SCHEMA
from segpredict.data.cleaning import CLEANING_RULES, clean_lines, ledger_table
from segpredict.data.readers import from_frame
from segpredict.errors import (
    BadCellsError,
    ConfigError,
    ContractError,
    TooManyBadRowsError,
    UnknownNameError,
)

# customer, order, day, minute, product, quantity, amount, return, head, void from
GOLDEN = [
    ("10", "1008", 15006, 540, "F", -10_000, -12_500, True, False, None),
    ("10", "1009", 15007, 1439, "G", 40_000, 500, False, True, None),
    ("7", "1001", 14977, 600, "A", 20_000, 50_000, False, True, None),
    ("7", "1001", 14977, 600, "A", 20_000, 50_000, False, False, None),
    ("8", "1002", 14979, 570, "B1", 10_000, 40_000, False, True, 14994),
    ("8", "C1003", 14994, 660, "B1", -10_000, -40_000, True, False, 14994),
]
GOLDEN_LEDGER = {  # rows, orders, customers, money in units of 10⁻⁴
    "in read": LedgerCount(12, 9, 4, 108_000),
    "excluded before_first": LedgerCount(),
    "excluded after_cutoff": LedgerCount(),
    "excluded duplicates": LedgerCount(),
    "excluded no_customer": LedgerCount(1, 1, 0, 25_000),
    "excluded void_status": LedgerCount(),
    "excluded cancelled": LedgerCount(),
    "excluded summary_rows": LedgerCount(),
    "excluded discounts": LedgerCount(),
    "excluded refunds": LedgerCount(),
    "excluded cancellations": LedgerCount(1, 1, 0, 25_000),
    "noted cancellations": LedgerCount(1, 1, 1, -40_000),
    "excluded negative_quantity": LedgerCount(),
    "noted negative_quantity": LedgerCount(1, 1, 1, -12_500),
    "excluded non_product": LedgerCount(1, 0, 0, 30_000),
    "excluded zero_quantity": LedgerCount(1, 0, 0, 0),
    "excluded negative_price": LedgerCount(1, 1, 0, -60_000),
    "excluded zero_price": LedgerCount(1, 1, 1, 0),
    "excluded refunded_orders": LedgerCount(),
    "noted refunded_orders": LedgerCount(2, 2, 1, 0),
    "excluded unmatched_returns": LedgerCount(),
    "noted unmatched_returns": LedgerCount(1, 1, 1, -12_500),
    "used used": LedgerCount(6, 5, 3, 88_000),
}


def test_the_twelve_line_shop_becomes_its_golden_lines() -> None:
    made = cleaned(SHOP)
    got = made.lines.collect()
    assert got.columns == list(LINES_SCHEMA.columns)
    assert got.drop("country", "discount").rows() == GOLDEN
    assert (made.first_day, made.end_day) == (14977, 15008)


def test_the_twelve_line_shop_has_its_golden_ledger() -> None:
    ledger = cleaned(SHOP).ledger
    assert {f"{e.stage} {e.rule}": e.count for e in ledger.entries} == GOLDEN_LEDGER
    assert ledger.adds_up


def test_the_ledger_is_a_table_in_whole_currency() -> None:
    table = ledger_table(cleaned(SHOP).ledger)
    used = table.filter(pl.col("stage") == "used").row(0)
    assert used == ("used", "used", "Rows used.", 6, 5, 3, 8.8)


def test_a_refund_counts_from_its_day_on_and_not_before() -> None:
    made = cleaned(SHOP)
    before = made.known_at(14994).collect()
    after = made.known_at(14995).collect()
    assert "1002" in before["order_id"]
    assert not {"1002", "C1003"} & set(after["order_id"])


@pytest.mark.parametrize("name", [r.name for r in CLEANING_RULES if r.name != "no_customer"])
def test_every_rule_can_be_left_out_and_the_ledger_still_adds_up(name: str) -> None:
    made = cleaned(SHOP, excluded_rules=(name,))
    assert made.ledger.adds_up
    assert name not in {entry.rule for entry in made.ledger.entries}


def test_lines_without_a_customer_break_the_contract_of_lines() -> None:
    with pytest.raises(ContractError, match="customer_id"):
        cleaned(SHOP, excluded_rules=("no_customer",))


def test_every_rule_has_a_name_of_its_own_and_says_what_it_does() -> None:
    assert len({rule.name for rule in CLEANING_RULES}) == len(CLEANING_RULES)
    assert all(rule.meaning.endswith(".") for rule in CLEANING_RULES)


def test_only_the_named_rules_run() -> None:
    rules = {e.rule for e in cleaned(SHOP, rules=("no_customer",)).ledger.entries}
    assert rules == {"read", "no_customer", "used"}


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="zero_price"):
        cleaned(SHOP, excluded_rules=("zero_prices",))


def test_a_broken_pattern_is_refused() -> None:
    with pytest.raises(ConfigError, match="no regular expression"):
        CleaningOptions(product_codes=("(",))


def test_an_unknown_way_with_bad_rows_is_refused() -> None:
    with pytest.raises(ConfigError, match="quarantine"):
        CleaningOptions(on_bad_rows="keep")  # type: ignore[arg-type]


def test_ids_with_leading_zeros_are_kept_apart() -> None:
    got = lines([sale(who="00123"), sale(order="2", who="123")])
    assert got["customer_id"].to_list() == ["00123", "123"]


def test_the_point_zero_of_a_float_is_taken_off_and_counted() -> None:
    made = cleaned([sale(who="17850.0"), sale(order="2", who="17850")])
    assert made.lines.collect()["customer_id"].unique().to_list() == ["17850"]
    noted = [e.count.rows for e in made.ledger.entries if e.rule == "float_suffix"]
    assert noted == [1]


def test_named_placeholders_are_nobody() -> None:
    made = cleaned([sale(), sale(who="GUEST")], null_ids=("GUEST",))
    assert made.lines.collect()["customer_id"].to_list() == ["a"]


def test_an_order_number_of_two_customers_is_two_orders() -> None:
    got = lines([sale(who="a"), sale(who="b")])
    assert got["is_order_head"].to_list() == [True, True]


def test_a_number_used_again_another_day_is_another_order() -> None:
    """Else a line of June would stand in January, and be known before it happened."""
    got = lines(
        [
            sale(day="2011-01-31 23:50"),
            sale(day="2011-02-01 00:10", product="q"),
            sale(day="2011-02-05 09:00", product="p", quantity="-1"),
        ],
    )
    assert got["day"].to_list() == [15005, 15006, 15010]
    assert got["is_order_head"].to_list() == [True, True, False]
    assert got["void_day"].to_list() == [15010, None, 15010]


def test_a_shop_whose_every_number_starts_with_c_cancels_nothing() -> None:
    got = lines([sale("CN1"), sale("CN2", product="q"), sale("CN3", quantity="-1")])
    assert got["is_return"].to_list().count(True) == 1
    assert got.height == 3


def test_without_order_numbers_customer_and_day_make_an_order() -> None:
    made = clean_lines(from_frame(frame([sale(), sale(), sale(day="2011-02-01")]).drop("order_id")))
    got = made.lines.collect()
    assert got["is_order_head"].to_list() == [True, False, True]
    assert made.ledger.total("in").orders == 2


def test_midnight_on_every_row_is_no_time_of_the_day() -> None:
    plain = cleaned([sale(day="2011-01-31")])
    stamped = cleaned([sale(day="2011-01-31 00:00:00")])
    assert plain.fingerprint == stamped.fingerprint


def test_amounts_need_no_price_and_a_refund_has_one_sign() -> None:
    rows = {
        "customer_id": ["a"] * 3,
        "date": ["2011-01-31"] * 3,
        "quantity": ["2", "1", "-1"],
        "amount": ["5", "-3", "2"],
    }
    got = clean_lines(from_frame(pl.DataFrame(rows)), CleaningOptions()).lines.collect()
    assert sorted(got.select("quantity", "amount", "is_return").rows()) == [
        (-10_000, -30_000, True),
        (-10_000, -20_000, True),
        (20_000, 50_000, False),
    ]


def test_rows_on_or_after_the_cutoff_are_not_used() -> None:
    made = cleaned([sale(), sale(day="2011-02-10")], as_of="2011-02-10")
    assert made.lines.collect().height == 1
    assert made.end_day == 15015


def test_a_cutoff_after_the_data_does_not_stretch_them() -> None:
    assert cleaned([sale()], as_of="2012-01-01").end_day == 15006


def test_rows_before_the_first_day_are_not_used() -> None:
    made = cleaned([sale(), sale(day="2011-02-10")], first_date="2011-02-01")
    assert made.lines.collect().height == 1
    assert made.first_day == 15006


def test_the_period_counts_every_readable_row_with_a_customer_or_not() -> None:
    made = cleaned([sale(), sale(day="2011-03-01", who=None)])
    assert made.end_day == 15035


def test_no_rows_at_all_are_an_empty_shop() -> None:
    made = cleaned([])
    assert made.lines.collect().height == 0
    assert made.ledger.adds_up


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (sale(quantity="two"), "quantity", "is not a number"),
        (sale(price="NaN"), "price", "is not a number"),
        (sale(price="1_000"), "price", "is not a number"),
        (sale(price="1e13"), "price", "is beyond a million millions"),
        (sale(price=None), "price", "is empty"),
        (sale("2", day=None), "time", "is empty"),
        (sale(day="2011-02-30"), "time", "is not a day between"),
        (sale(day="2011-01-31 25:00"), "time", "is no time of the day"),
        (sale(day="9999-12-31"), "time", "is not a day between"),
        (sale(day="yesterday"), "time", "is not a time"),
        (sale(who="x" * 257), "customer_id", "is longer than 256"),
    ],
)
def test_a_bad_cell_is_named_with_file_row_column_and_value(
    row: tuple, column: str, reason: str
) -> None:
    with pytest.raises(BadCellsError, match=f"frame row 3, column {column}") as caught:
        cleaned([sale(), row])
    assert reason in caught.value.message
    assert caught.value.where["count"] == 1


def test_bad_rows_can_be_put_aside_and_the_ledger_counts_them() -> None:
    made = cleaned(
        [sale(), sale("2", price="x", who="b"), sale("3", day="x")],
        on_bad_rows="quarantine",
    )
    assert made.rejects.rows() == [
        ("frame", 3, "price", "x", "is not a number"),
        ("frame", 4, "time", "x", "is not a time that can be read"),
    ]
    assert made.ledger.total("rejected") == LedgerCount(2, 2, 1, 10_000)  # money that could be read
    assert made.ledger.adds_up
    assert made.lines.collect().height == 1


def test_totals_beyond_measure_are_refused() -> None:
    with pytest.raises(ContractError, match="too large"):
        cleaned([sale(quantity="1e12")] * 1000)


def test_money_off_a_line_is_kept_without_its_sign_and_may_be_unknown():
    given = frame([SHOP[3]] * 3).with_columns(off=pl.Series(["0.5", "-1", None]))
    raw = from_frame(given, SourceOptions({"discount": "off"}))
    found = clean_lines(raw).lines.collect()
    assert sorted(found["discount"].drop_nulls()) == [5_000, 10_000]
    bad = from_frame(given.with_columns(off=pl.lit("half")), SourceOptions({"discount": "off"}))
    with pytest.raises(BadCellsError, match="discount"):
        clean_lines(bad)


def test_a_sign_on_most_sales_is_no_mark_of_cancellation() -> None:
    made = cleaned([sale("CH1"), sale("CH2"), sale("CH3", quantity="-1")])
    assert made.lines.collect().filter(~pl.col("is_return")).height == 2
    assert "starts with C or c are sales" in made.notes[0]


def test_a_void_status_on_the_first_line_takes_the_whole_order_out() -> None:
    rows = frame([sale(), sale(product="q"), sale("2")]).with_columns(
        status=pl.Series(["Failed", None, "paid"])
    )
    raw = from_frame(rows, SourceOptions(columns={"status": "status"}))
    made = clean_lines(raw, CleaningOptions(void_statuses=("failed",)))
    assert made.lines.collect()["order_id"].to_list() == ["2"]
    assert made.ledger.adds_up


def test_bad_rows_can_be_dropped_and_are_counted_all_the_same() -> None:
    made = cleaned([sale(), sale("2", price="x")], on_bad_rows="drop")
    assert made.rejects is None
    assert made.ledger.total("rejected").rows == 1


@pytest.mark.parametrize("max_bad", ["10%", 0, "1"])
def test_more_bad_rows_than_allowed_stop_the_run(max_bad) -> None:
    rows = [sale(), sale("2", price="x"), sale("3", price="y")]
    with pytest.raises(TooManyBadRowsError, match="2 of 3 rows") as caught:
        cleaned(rows, on_bad_rows="quarantine", max_bad_rows=max_bad)
    assert caught.value.where["row"] == 3


def test_a_limit_that_is_no_limit_is_refused() -> None:
    with pytest.raises(ConfigError, match="neither a share nor a count"):
        CleaningOptions(max_bad_rows="many")


def test_a_cutoff_after_the_last_row_is_told_and_not_taken_for_silence() -> None:
    made = cleaned([sale()], as_of="2012-01-01")
    assert made.end_day == 15006
    assert "before the cutoff 2012-01-01" in " ".join(made.notes)
