"""Rows S01-S30 of the catalogue of bad input, each under its id."""

from pathlib import Path

import pytest

from segpredict.config.source import SourceOptions
from segpredict.core.transactions import RawLines
from segpredict.data.readers import read_raw_lines
from segpredict.errors import (
    BadCellsError,
    ColumnMissingError,
    ContractError,
    LimitError,
    SourceError,
    UnreadableFileError,
)

HEAD = "customer_id,date,amount,description\n"
ROW = "1,2011-01-31,2.50,mug\n"
PLAIN = HEAD + ROW + "2,2011-02-01,1,cup\n"


def put(folder: Path, content: str | bytes, name: str = "sales.csv") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def ids(raw: RawLines) -> list[str | None]:
    return raw.frame["customer_id"].to_list()


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        pytest.param(PLAIN.replace(",", ";").replace("2.50", "2,50"), ";", id="S01"),
        pytest.param(PLAIN.replace(",", "\t"), "\t", id="S02-tab"),
        pytest.param(PLAIN.replace(",", "|"), "|", id="S02-bar"),
        pytest.param("sep=;\n" + PLAIN.replace(",", ";"), ";", id="S03"),
    ],
)
def test_the_separator_is_proven_and_recorded(content: str, separator: str, tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, content)])
    assert ids(raw) == ["1", "2"]
    assert raw.files[0].detected.shown()["separator"] == separator


def test_s01_two_separators_that_fit_are_both_shown(tmp_path: Path) -> None:
    name = put(tmp_path, "amount,a;date\n1,2;3\n4,5;6\n")
    with pytest.raises(SourceError, match=r'"," gives 2 .* ";" gives 2') as caught:
        read_raw_lines([name])
    assert "source.separator" in caught.value.fix


def test_s04_comments_before_the_header_are_skipped_and_counted(tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, "# till 7\n\n" + PLAIN)])
    assert raw.files[0].detected.shown()["comments_skipped"] == "1"
    assert raw.frame["row"].to_list() == [4, 5]


def test_s04_a_comment_among_the_rows_asks_for_its_sign(tmp_path: Path) -> None:
    name = put(tmp_path, PLAIN + "# end\n")
    with pytest.raises(BadCellsError, match=r"source\.comment_prefix = '#'"):
        read_raw_lines([name])
    raw = read_raw_lines([name], SourceOptions(comment_prefix="#"))
    assert ids(raw) == ["1", "2"]
    assert raw.files[0].detected.shown()["comments"] == "1"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(PLAIN.replace("\n", "\r\n"), [2, 3], id="S05-crlf"),
        pytest.param(PLAIN.replace("\n", "\r\n", 2), [2, 3], id="S05-mixed"),
        pytest.param(PLAIN.replace("mug", '"m\rg"'), [2, 4], id="S05-cr-in-quotes"),
        pytest.param(PLAIN.replace("\n", "\r"), [2, 3], id="S06"),
        pytest.param(PLAIN.replace("mug\n", "mug\n\n \n"), [2, 5], id="S07"),
        pytest.param(PLAIN.replace("mug", '"m\n\ng"'), [2, 5], id="S13"),
        pytest.param(PLAIN.rstrip(), [2, 3], id="S14"),
    ],
)
def test_rows_are_lines_of_the_file_whatever_ends_them(
    content: str, rows: list[int], tmp_path: Path
) -> None:
    raw = read_raw_lines([put(tmp_path, content)])
    assert ids(raw) == ["1", "2"]
    assert raw.frame["row"].to_list() == rows


def test_s07_blank_lines_are_counted(tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, PLAIN.replace("mug\n", "mug\n\n \n,,,\n"))])
    assert raw.files[0].detected.shown()["blank_lines"] == "2"
    assert raw.files[0].detected.shown()["rows_without_any_cell"] == "1"


@pytest.mark.parametrize(
    ("bad", "column", "reason"),
    [
        pytest.param("9,2011-01-31", "amount", "has 2 cells", id="S08"),
        pytest.param("9,2011-01-31,1,a,b", "description", "has 5 cells", id="S09"),
        pytest.param('9,2011-01-31,1,Uni"ted', "description", "stray quote", id="S11"),
        pytest.param('9,2011-01-31,1,"a"b', "description", "stray quote", id="S11-after"),
        pytest.param('9,"2"11-01-31,1,"a,b"', "date", "stray quote", id="S11-two"),
        pytest.param("TOTAL,,3.50,", "customer_id", "totals", id="S22"),
        pytest.param(",Grand Total:,3.50,", "date", "totals", id="S22-date"),
        pytest.param("grand_total,,3.50,", "customer_id", "totals", id="S22-underscore"),
        pytest.param("sub-total,,3.50,", "customer_id", "totals", id="S22-hyphen"),
        pytest.param(",Sub_Total:,3.50,", "date", "totals", id="S22-sub"),
    ],
)
def test_a_broken_row_is_named_and_can_be_carried(
    bad: str, column: str, reason: str, tmp_path: Path
) -> None:
    name = put(tmp_path, HEAD + '\n5,2011-01-31,1,"a\nb"\n' + bad + "\n" + ROW)
    with pytest.raises(BadCellsError, match=reason) as caught:
        read_raw_lines([name])
    facts = caught.value.to_dict()
    assert (facts["file"], facts["row"], facts["column"]) == (name, 5, column)
    assert facts["value"].strip(":") in bad
    assert facts["fix"]
    assert facts["exit"] == 5
    raw = read_raw_lines([name], bad_rows="carry")
    assert ids(raw) == ["5", "1"]
    assert raw.frame["row"].to_list() == [3, 6]
    assert raw.rejects is not None
    assert raw.rejects["row"].to_list() == [5]
    assert raw.files[0].rows == 3


def test_s10_an_open_quote_is_named_where_it_was_opened(tmp_path: Path) -> None:
    text = HEAD + ROW * 100 + '9,2011-01-31,1,"mug\n' + ROW * 100
    with pytest.raises(UnreadableFileError, match="never closed") as caught:
        read_raw_lines([put(tmp_path, text)])
    facts = caught.value.to_dict()
    assert (facts["row"], facts["column"]) == (102, "description")


def test_s11_stray_quotes_may_be_kept_as_signs(tmp_path: Path) -> None:
    text = HEAD + '1,2011-01-31,1,7" disc\n2,2011-01-31,1,"a, ""b"""\n'
    raw = read_raw_lines([put(tmp_path, text)], SourceOptions(stray_quotes="keep"))
    assert raw.frame["description"].to_list() == ['7" disc', 'a, "b"']


def test_s12_backslashes_are_taken_as_escapes_where_only_that_fits(
    tmp_path: Path,
) -> None:
    text = HEAD + r'1,2011-01-31,1,"7\" disc, \\ old"' + "\n" + ROW
    raw = read_raw_lines([put(tmp_path, text)])
    assert raw.frame["description"].to_list() == ['7" disc, \\ old', "mug"]
    assert raw.files[0].detected.shown()["escape"] == "backslash"


def test_s12_two_readings_of_a_backslash_are_both_shown(tmp_path: Path) -> None:
    name = put(tmp_path, HEAD + r'1,2011-01-31,1,"C:\\"' + "\n" + ROW)
    with pytest.raises(SourceError, match=r"two ways.*escape") as caught:
        read_raw_lines([name])
    assert caught.value.to_dict()["row"] == 2
    double = read_raw_lines([name], SourceOptions(quote_escape="double"))
    assert double.frame["description"][0] == r"C:\\"
    single = read_raw_lines([name], SourceOptions(quote_escape="backslash"))
    assert single.frame["description"][0] == "C:\\"


def test_s15_a_cut_last_row_is_refused_even_where_bad_rows_are_carried(
    tmp_path: Path,
) -> None:
    name = put(tmp_path, PLAIN + "3,2011-0")
    with pytest.raises(UnreadableFileError, match="cut off") as caught:
        read_raw_lines([name], bad_rows="carry")
    assert caught.value.to_dict()["row"] == 4
    assert ids(read_raw_lines([name], SourceOptions(allow_truncated=True))) == ["1", "2"]


def test_s16_a_file_without_header_is_asked_about(tmp_path: Path) -> None:
    name = put(tmp_path, ROW * 3)
    with pytest.raises(UnreadableFileError, match="looks like data"):
        read_raw_lines([name])
    names = ("customer_id", "date", "amount", "description")
    raw = read_raw_lines([name], SourceOptions(header_row=0, column_names=names))
    assert raw.frame["row"].to_list() == [1, 2, 3]


def test_s17_both_places_of_a_double_name_are_given(tmp_path: Path) -> None:
    name = put(tmp_path, PLAIN.replace("description", "date"))
    with pytest.raises(UnreadableFileError, match="columns 2 and 4"):
        read_raw_lines([name])


def test_s18_columns_without_name_are_left_out_only_when_empty(tmp_path: Path) -> None:
    empty = "".join(line + "," * 300 + "\n" for line in PLAIN.splitlines())
    raw = read_raw_lines([put(tmp_path, empty)])
    assert "300 left out" in raw.files[0].detected.shown()["columns_without_name"]
    with pytest.raises(UnreadableFileError, match='no name and holds "mug"') as caught:
        read_raw_lines([put(tmp_path, PLAIN.replace("description", " "))])
    assert caught.value.to_dict()["row"] == 2


def test_s19_names_are_matched_without_case_and_blanks(tmp_path: Path) -> None:
    head = " CUSTOMER\u00a0ID ,Date,AMOUNT\u200b,x\n"
    assert ids(read_raw_lines([put(tmp_path, head + ROW)])) == ["1"]
    with pytest.raises(ContractError, match="may give customer_id"):
        read_raw_lines([put(tmp_path, "customer_id,Customer ID,date,amount\n1,2,3,4\n")])


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("Kunde;Bestelldatum;Menge;Preis", id="S20-de"),
        pytest.param("Client;Date;Quantité;Prix", id="S20-fr"),
        pytest.param("Cliente;Fecha;Cantidad;Precio", id="S20-es"),
        pytest.param("Клиент;Дата;Количество;Цена", id="S20-ru"),
    ],
)
def test_headers_in_other_languages_are_understood(head: str, tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, head + "\n00123;2011-01-31;2;3,5\n")])
    assert ids(raw) == ["00123"]
    assert raw.frame["price"].to_list() == ["3,5"]


def test_s21_a_repeated_header_is_dropped_and_counted(tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, PLAIN + HEAD + ROW)])
    assert ids(raw) == ["1", "2", "1"]
    assert raw.frame["row"].to_list() == [2, 3, 5]
    assert raw.files[0].detected.shown()["repeated_headers"] == "1"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(",".join(f"c{i}" for i in range(10_000)) + "\n", "10000 columns", id="S23"),
        pytest.param(HEAD + "1,2011-01-31,1," + "x" * (17 << 20), "row 2 has", id="S24"),
    ],
)
def test_beyond_the_limits_it_stops(content: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match=reason) as caught:
        read_raw_lines([put(tmp_path, content)])
    assert caught.value.exit_code == 10


def test_s25_a_cell_of_a_megabyte_is_text_like_any_other(tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, PLAIN.replace("mug", "x" * 1_000_000))])
    assert len(raw.frame["description"][0]) == 1_000_000


def test_s26_one_row_per_customer_is_no_table_of_transactions(tmp_path: Path) -> None:
    text = "customer_id,recency,frequency,monetary\n1,10,3,99.5\n2,4,1,12\n"
    with pytest.raises(ContractError, match="one row per customer"):
        read_raw_lines([put(tmp_path, text)])


def test_s27_a_pivot_of_months_is_explained(tmp_path: Path) -> None:
    text = "customer_id,2011-01,2011-02,2011-03\n1,10,3,99.5\n2,4,1,12\n"
    with pytest.raises(ContractError, match="pivot table"):
        read_raw_lines([put(tmp_path, text)])


def test_s28_a_missing_column_comes_with_a_line_to_paste(tmp_path: Path) -> None:
    with pytest.raises(ColumnMissingError, match="customer_id") as caught:
        read_raw_lines([put(tmp_path, PLAIN.replace("customer_id", "custmer"))])
    assert "--map customer_id='custmer'" in caught.value.fix


def test_s29_a_needed_column_without_any_value_is_named(tmp_path: Path) -> None:
    text = HEAD + ",2011-01-31,1,a\n" * 60
    with pytest.raises(ContractError, match="customer_id is empty in all 60 rows"):
        read_raw_lines([put(tmp_path, text)])


def test_s30_files_may_order_their_columns_and_one_that_lacks_one_is_named(
    tmp_path: Path,
) -> None:
    one = put(tmp_path, PLAIN, "a.csv")
    two = put(tmp_path, "amount,date,customer_id\n5,2011-03-01,7\n", "b.csv")
    assert ids(read_raw_lines([one, two])) == ["1", "2", "7"]
    three = put(tmp_path, "amount,date\n5,2011-03-01\n", "c.csv")
    with pytest.raises(ColumnMissingError, match=r"c\.csv"):
        read_raw_lines([one, two, three])
