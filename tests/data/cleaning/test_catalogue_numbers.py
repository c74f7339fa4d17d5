"""Numbers and money: one test a row of the catalogue of bad input (N01 to N20)."""

import pytest
from catalogue import prices, quantities, row
from raw_shop import cleaned, sale

from segpredict.errors import BadCellsError, ContractError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        row("N01-en", ["1,234.56"], [1234.56]),
        row("N01-de", ["1.234,56"], [1234.56]),
        row("N01-fr", ["1 234,56"], [1234.56]),
        row("N01-ch", ["1'234.56"], [1234.56]),
        row("N01-nbsp", ["1\u00a0234,56", "1\u202f000"], [1234.56, 1000]),
        row("N01-in", ["1,23,456.50"], [123456.5]),
        row("N01-proof", ["1,234", "0.5"], [1234, 0.5]),
        row("N01-zero", ["0,125", "1,250"], [0.125, 1.25]),
        row("N03-sign", ["£2.55", "2.50"], [2.55, 2.5]),
        row("N03-after", ["2,55 €"], [2.55]),
        row("N03-code", ["USD 2.55", "$3"], [2.55, 3]),
        row("N05-brackets", ["(2.55)"], [-2.55]),
        row("N05-after", ["2.55-"], [-2.55]),
        row("N05-minus", ["−2.55"], [-2.55]),
        row("N05-plus", ["+2.55"], [2.55]),
        row("N05-all", ["(£1,002.55)", "-£3"], [-1002.55, -3]),
        row("N08-exponent", ["1e3"], [1000]),
        row("N11", ["1.123456789"], [1.1235]),
        row("N18", ["-0.0", "1e-300"], [0, 0]),
    ],
)
def test_a_number_is_read_as_accountants_mean_it(given, expected) -> None:
    assert prices(*given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        row("N02", ["1,234", "2,500"], "up to 3,734, with a decimal comma to 3.734"),
        row("N02-point", ["1.234"], "may be 1.234 or 1234"),
        row("N01-both", ["1.5", "1,5"], '"1.5" in price has a decimal point'),
        row("N04", ["£2", "€3", "£4"], "EUR on 1 rows, GBP on 2 rows"),
    ],
)
def test_a_column_with_two_readings_is_refused(given, message) -> None:
    with pytest.raises(ContractError) as caught:
        prices(*given)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("mark", "total"),
    [row("N02-a", "point", 1234), row("N02-b", "comma", 1.234)],
)
def test_a_person_may_say_which_mark_it_is(mark, total) -> None:
    assert prices("1,234", number_format=mark) == [total]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        *(
            row(f"N06-{text}", text, "is not a number")
            for text in ("NaN", "nan", "inf", "-Infinity")
        ),
        row("N07-free", "free", "is not a number"),
        *(
            row(f"N07-{i}", text, "is empty")
            for i, text in enumerate(["n/a", "-", "#N/A", "#REF!", "#DIV/0!"])
        ),
        row("N08-hex", "0x1A", "is not a number"),
        row("N08-underscore", "1_000", "is not a number"),
        row("N08-huge", "1e308", "is beyond a million millions"),
        row("N12-boolean", "TRUE", "is not a number"),
        row("N12-date", "2010-12-01", "is not a number"),
        row("N13", "12%", "is a percentage"),
    ],
)
def test_what_is_no_number_is_a_bad_row(given, message) -> None:
    with pytest.raises(BadCellsError, match="row 3, column price") as caught:
        prices("2.50", given)
    assert message in caught.value.message


@pytest.mark.parametrize("commas", [row("N01-minority", 300)])
def test_a_few_cells_with_another_mark_are_bad_rows_and_never_misread(commas) -> None:
    with pytest.raises(BadCellsError, match="another decimal mark"):
        prices(*[f"{i}.25" for i in range(commas)], "1,5")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        row("N09", ["2.5", *["1"] * 400], "no whole number: 1"),
        row("N09-kilos", ["2.5", "1"], ""),
    ],
)
def test_fractional_quantities_are_kept(given, message) -> None:
    made = quantities(*given)
    assert made.lines.collect()["quantity"].max() == 25_000
    assert message in " ".join(made.notes)


@pytest.mark.parametrize(
    ("quantity", "price", "message"),
    [
        row("N10", "9223372036854775808", "1", "is beyond a million millions"),
        row("N10-product", "900000000000", "900000000000", "is too large"),
    ],
)
def test_nothing_wraps_around(quantity, price, message) -> None:
    with pytest.raises(BadCellsError, match=message):
        cleaned([sale(quantity=quantity, price=price)])


@pytest.mark.parametrize("price", [row("N11-counted", "1.12345")])
def test_rounding_is_counted(price) -> None:
    made = cleaned([sale(price=price), sale("2", price="0.30000000000000004")])
    assert [e.count.rows for e in made.ledger.entries if e.rule == "rounded"] == [1]


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        row("N14", "zero_quantity", {"quantity": "0"}),
        row("N15", "zero_price", {"price": "0"}),
        row("N16", "negative_price", {"price": "-11062.06"}),
    ],
)
def test_a_rule_leaves_it_out_and_counts_it(rule, changed) -> None:
    made = cleaned([sale(), sale("2", **changed)])
    assert [e.count.rows for e in made.ledger.entries if e.rule == rule] == [1]
    assert made.ledger.adds_up
    assert made.lines.collect()["order_id"].to_list() == ["1"]


@pytest.mark.parametrize("quantity", [row("N17", "-1")])
def test_a_negative_quantity_is_a_return(quantity) -> None:
    made = cleaned([sale(quantity="3"), sale("2", quantity=quantity, day="2011-02-01")])
    assert made.lines.collect()["is_return"].to_list() == [False, True]
    assert made.ledger.total("used").money == 20_000


@pytest.mark.parametrize("quantity", [row("N19", "80995")])
def test_an_enormous_order_cancelled_minutes_later_never_was(quantity) -> None:
    rows = [
        sale("581483", quantity=quantity, day="2011-12-09 09:15"),
        sale("C581484", quantity=f"-{quantity}", day="2011-12-09 09:27"),
        sale("1", day="2011-12-09 10:00"),
    ]
    made = cleaned(rows)
    assert made.known_at(made.end_day).collect()["order_id"].to_list() == ["1"]
    assert made.ledger.total("used").money == 10_000


@pytest.mark.parametrize("price", [row("N20", "60")])
def test_a_dominant_order_is_told(price) -> None:
    made = cleaned([sale("big", price=price), *(sale(str(i)) for i in range(40))])
    assert "One order (big of customer a) makes 60.0% of all sales" in made.notes[0]


@pytest.mark.parametrize(
    ("texts", "currency"),
    [row("N03-pound", ["£2.55"], "£"), row("N03-zloty", ["2,55 zł"], "PLN")],
)
def test_the_currency_of_the_data_is_recorded(texts, currency) -> None:
    assert cleaned([sale(price=text) for text in texts]).currency == currency
