"""Identifiers: one test a row of the catalogue of bad input (I01 to I19)."""

import polars as pl
import pytest
from catalogue import row, who
from raw_shop import cleaned, sale

from segpredict.core.run_folder import encode_csv
from segpredict.data.cleaning import clean_lines, require_support
from segpredict.data.readers import from_frame
from segpredict.errors import ContractError, SupportError


@pytest.mark.parametrize(
    ("given", "expected", "note"),
    [
        row("I01", ["17850.0", "17851.0"], ["17850", "17851"], ""),
        row("I02", ["17850.0", "17850"], ["17850"] * 2, "with and without .0: 1"),
        row("I03", ["00123", "123"], ["00123", "123"], "leading zeros: 1"),
        row(
            "I05",
            ["12E5", "TRUE", "2010-12-01", "NaN", "Infinity"],
            ["12E5", "TRUE", "2010-12-01", "NaN", "Infinity"],
            "",
        ),
        row("I06", ["1" * 20, "9007199254740993"], ["1" * 20, "9007199254740993"], ""),
        row("I07", ["1", "2", "A7"], ["1", "2", "A7"], ""),
        row(
            "I08",
            [" 17850", "17850 ", "\u00a017850", "\u200b17850\t"],
            ["17850"] * 4,
            'blanks, invisible characters or Unicode form: 1 ("17850")',
        ),
        row("I09", ["abc", "ABC"], ["abc", "ABC"], "differ only by case: 2"),
        row("I10", ["é", "e\u0301"], ["é", "é"], "Unicode form"),
        row("I11", ["А123", "A123"], ["А123", "A123"], "another alphabet: 1"),
        row("I16", ["😀", "שלום", "\u202eevil"], ["😀", "שלום", "\u202eevil"], ""),
        row(
            "I18",
            ["a@b.org", "c@d.org"],
            ["a@b.org", "c@d.org"],
            "identify people",
        ),
    ],
)
def test_ids_are_text_and_unusual_ones_are_noted(given, expected, note) -> None:
    got, notes = who(*given)
    assert got == expected
    assert note in notes


@pytest.mark.parametrize("share", [row("I04", 0.02), row("I04-few", 0.005)])
def test_ids_that_a_spreadsheet_damaged_are_never_evaluated(share) -> None:
    n = round(400 * share)
    ids = ["1.785E+04"] * n + [f"{i % 40}" for i in range(400 - n)]
    if share > 0.01:
        with pytest.raises(ContractError, match="digits are lost"):
            who(*ids)
        return
    got, notes = who(*ids)
    assert "1.785E+04" in got
    assert "a spreadsheet seems to have damaged: 1" in notes


@pytest.mark.parametrize("guests", [row("I12", 6), row("I12-few", 4)])
def test_most_rows_without_a_customer_stop_a_run(guests) -> None:
    made = cleaned([sale(str(i), who=None if i < guests else "a") for i in range(10)])
    assert made.ledger.adds_up
    gone = [e.count.rows for e in made.ledger.entries if e.rule == "no_customer"]
    assert gone == [guests]
    if guests > 5:
        with pytest.raises(ContractError, match="6 of 10 rows"):
            require_support(made)
    else:
        require_support(made)


@pytest.mark.parametrize("placeholder", [row("I13", "GUEST"), row("I13-0", "0")])
def test_an_id_on_many_rows_is_pointed_at_and_can_be_nobody(placeholder) -> None:
    ids = [placeholder] * 10 + [f"c{i % 30}" for i in range(90)]
    assert f'The customer "{placeholder}" holds 10.0% of the rows' in who(*ids)[1]
    got, _ = who(*ids, null_ids=(placeholder,))
    assert placeholder not in got
    assert len(got) == 90


@pytest.mark.parametrize("share", [row("I14", 95)])
def test_one_id_on_nearly_all_rows_is_refused(share) -> None:
    ids = ["SHOP"] * share + [f"c{i}" for i in range(100 - share)]
    with pytest.raises(SupportError, match="placeholder or a marketplace"):
        require_support(cleaned([sale(str(i), who=id_) for i, id_ in enumerate(ids)]))


@pytest.mark.parametrize("rows", [row("I15", 200)])
def test_an_id_on_every_row_looks_like_a_row_number(rows) -> None:
    with pytest.raises(SupportError, match="looks like the number of a row"):
        require_support(cleaned([sale(str(i), who=str(i)) for i in range(rows)]))


HOSTILE = ["=cmd|' /C calc'!A0", "<script>", "'; DROP TABLE x; --", "../../etc"]


@pytest.mark.parametrize("id_", [row(f"I17-{i}", id_) for i, id_ in enumerate(HOSTILE)])
def test_a_hostile_id_stays_data(id_) -> None:
    assert who(id_)[0] == [id_]
    written = encode_csv(pl.DataFrame({"customer_id": [id_]})).decode()
    assert not written.splitlines()[1].lstrip('"').startswith("=")


@pytest.mark.parametrize("id_", [row("I19", 17850)])
def test_numbers_and_text_give_the_same_id(id_) -> None:
    rows = {"date": ["2011-01-31"], "amount": ["1"]}
    made = [
        clean_lines(from_frame(pl.DataFrame({"customer_id": [value], **rows})))
        for value in (id_, float(id_), str(id_))
    ]
    assert len({shop.fingerprint for shop in made}) == 1
