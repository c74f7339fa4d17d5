import gzip
import hashlib
import os
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segpredict.config.source import SourceOptions
from segpredict.core.transactions import RawLines
from segpredict.data.readers import READERS, from_frame, read_raw_lines
from segpredict.errors import (
    ColumnMissingError,
    ContractError,
    FileMissingError,
    SourceError,
    UnknownNameError,
    UnreadableFileError,
    UsageError,
)

SMALL = "customer_id,date,amount\n00123,2011-01-31,2.50\n123,2011-02-01,1\n"


def put(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def column(raw: RawLines, role: str) -> list[str | None]:
    return raw.frame[role].to_list()


def test_the_registry_finds_every_kind_of_file() -> None:
    assert READERS.names() == ("csv", "duckdb", "excel", "parquet", "sqlite")


def test_ids_are_text_with_all_their_zeros(tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, "a.csv", SMALL)])
    assert column(raw, "customer_id") == ["00123", "123"]
    assert column(raw, "amount") == ["2.50", "1"]


def test_rows_are_those_of_the_file_with_the_header_as_the_first(
    tmp_path: Path,
) -> None:
    text = 'customer_id,date,amount,description\n1,d,1,"a\nb"\n\n2,d,2,x\n3,d,3,y\n'
    raw = read_raw_lines([put(tmp_path, "a.csv", text)])
    assert column(raw, "customer_id") == ["1", "2", "3"]
    assert raw.frame["row"].to_list() == [2, 5, 6]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, sign: str) -> None:
    raw = read_raw_lines([put(tmp_path, "a.txt", SMALL.replace(",", sign))])
    assert column(raw, "customer_id") == ["00123", "123"]
    assert raw.files[0].detected.shown()["separator"] == sign


def test_aligned_text_with_carriage_returns_is_read(tmp_path: Path) -> None:
    text = " customer_id  date   amount\r\n 00001 19970101  11.77\r\n 00002 19970112 6\r\n"
    raw = read_raw_lines([put(tmp_path, "cd.txt", text)])
    assert column(raw, "time") == ["19970101", "19970112"]
    assert raw.files[0].detected.shown()["separator"] == "whitespace"


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
    ],
)
def test_the_coding_is_found_and_recorded(tmp_path: Path, codec: str, found: str) -> None:
    text = "customer_id,date,amount,country\n1,2011-01-31,2,Côte\n"
    raw = read_raw_lines([put(tmp_path, "a.csv", text.encode(codec))])
    assert column(raw, "country") == ["Côte"]
    assert raw.files[0].detected.shown()["encoding"] == found


def test_packed_text_is_read(tmp_path: Path) -> None:
    packed = put(tmp_path, "a.csv.gz", gzip.compress(SMALL.encode()))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("inside.csv", SMALL)
    for name in (packed, str(tmp_path / "b.zip")):
        assert column(read_raw_lines([name]), "customer_id") == ["00123", "123"]


def test_cells_are_trimmed_and_blank_cells_are_null(tmp_path: Path) -> None:
    text = 'customer_id,date,amount,sku\na,2011-01-31,1," 7\u00a0"\n  ,2011-01-31,2,  \n'
    got = read_raw_lines([put(tmp_path, "a.csv", text)])
    assert column(got, "product_id") == ["7", None]
    assert column(got, "customer_id") == ["a", None]


def test_customer_ids_are_left_to_cleaning_to_trim(tmp_path: Path) -> None:
    text = 'customer_id,date,amount\n" 7\u00a0",2011-01-31,1\n'
    assert column(read_raw_lines([put(tmp_path, "a.csv", text)]), "customer_id") == [" 7\u00a0"]


def test_typed_decimals_cannot_be_taken_for_thousands() -> None:
    bought = {"customer_id": [1, 2], "date": ["2011-01-31"] * 2, "amount": [1.234, 2.5]}
    got = from_frame(pl.DataFrame(bought))
    assert column(got, "amount") == ["1.2340", "2.5"]


def test_the_fact_sheet_has_rows_and_hash(tmp_path: Path) -> None:
    fact = read_raw_lines([put(tmp_path, "a.csv", SMALL)]).files[0]
    assert fact.rows == 2
    assert fact.sha256 == hashlib.sha256(SMALL.encode()).hexdigest()


def test_files_folders_and_globs_are_read_once_each_and_sorted(tmp_path: Path) -> None:
    first = put(tmp_path, "in/a.csv", SMALL)
    put(tmp_path, "in/deep/b.csv", SMALL)
    put(tmp_path, "in/notes.md", "no table")
    raw = read_raw_lines([str(tmp_path / "in"), first, str(tmp_path / "in" / "*.csv")])
    assert [Path(fact.name).name for fact in raw.files] == ["a.csv", "b.csv"]
    assert raw.frame["file"].to_list() == [0, 0, 1, 1]


def test_files_may_order_and_name_their_columns_differently(tmp_path: Path) -> None:
    one = put(tmp_path, "a.csv", SMALL)
    two = put(tmp_path, "b.csv", "Amount;CUSTOMER ID;Order Date;Country\n3;9;2011-03-01;UK\n")
    raw = read_raw_lines([one, two])
    assert column(raw, "customer_id") == ["00123", "123", "9"]
    assert column(raw, "country") == [None, None, "UK"]


def test_a_named_column_comes_before_any_usual_name(tmp_path: Path) -> None:
    text = "KUNDE,customer_id,date,amount\nk,c,2011-01-31,1\n"
    raw = read_raw_lines([put(tmp_path, "a.csv", text)], SourceOptions({"customer_id": "kunde"}))
    assert column(raw, "customer_id") == ["k"]


def test_an_empty_name_leaves_a_role_out(tmp_path: Path) -> None:
    text = "customer_id,date,amount,country\n1,2011-01-31,1,UK\n"
    raw = read_raw_lines([put(tmp_path, "a.csv", text)], SourceOptions({"country": ""}))
    assert "country" not in raw.frame.columns


def test_price_and_quantity_come_before_a_total(tmp_path: Path) -> None:
    text = "customer_id,date,quantity,price,amount\n1,2011-01-31,2,3,99\n"
    path = put(tmp_path, "a.csv", text)
    assert "amount" not in read_raw_lines([path]).frame.columns
    assert "amount" in read_raw_lines([path], SourceOptions({"amount": "amount"})).frame.columns


def test_two_columns_for_one_role_are_refused(tmp_path: Path) -> None:
    text = "customer_id,Customer ID,date,amount\n1,2,2011-01-31,1\n"
    with pytest.raises(ContractError, match=r"2 columns .* may give customer_id"):
        read_raw_lines([put(tmp_path, "a.csv", text)])


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("date,amount\n2011-01-31,1\n", "customer_id"),
        ("customer_id,amount\n1,1\n", "time"),
        ("customer_id,date,price\n1,2011-01-31,1\n", "amount, or quantity and price"),
    ],
)
def test_a_missing_column_is_named_with_its_file(tmp_path: Path, text: str, role: str) -> None:
    with pytest.raises(ColumnMissingError, match=rf'of ".*bad.csv" gives {role}'):
        read_raw_lines([put(tmp_path, "a.csv", SMALL), put(tmp_path, "bad.csv", text)])


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="customer_id"):
        SourceOptions({"custmer_id": "x"})


def test_a_missing_file_is_answered_with_its_neighbour(tmp_path: Path) -> None:
    put(tmp_path, "sales_2011.csv", SMALL)
    with pytest.raises(FileMissingError, match=r"sales_2011\.csv"):
        read_raw_lines([str(tmp_path / "sale_2011.csv")])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\x00" * 50, "NUL bytes"),
        (b"customer_id,date\x00,amount\n1,2,3\n", "binary file"),
        (b"<!DOCTYPE html><p>login</p>", "HTML"),
        (b"\x1f\x8bbroken", "gzip is damaged"),
        (b"customer_id,date,amount\n1,2,3,4\n1,2,3,4\n", "have 4 cells"),
        (b"customer_id,date,amount,date\n1,2,3,4\n", "as columns 2 and 4"),
        (b"hello\nworld\n", "no separator"),
    ],
)
def test_what_is_no_table_is_refused_with_its_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read_raw_lines([put(tmp_path, "a.csv", content)])


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="not sound Parquet"):
        read_raw_lines([put(tmp_path, "a.parquet", b"PAR1 and nothing more")])


def test_addresses_are_refused() -> None:
    with pytest.raises(UsageError, match="only local files"):
        read_raw_lines(["https://example.org/a.csv"])


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file that can be read"):
        read_raw_lines([str(tmp_path)])


TYPED = {
    "customer_id": pl.Series([123, None, 2**60], dtype=pl.Int64),
    "order_id": pl.Series([17850.0, 1.5, None], dtype=pl.Float64),
    "product_id": pl.Series(["00123", " a ", ""], dtype=pl.Categorical),
    "time": pl.Series([0, 60_000_000, 61_500_000]).cast(pl.Datetime("us")),
    "price": pl.Series(["2.55", "0.1", "-3"]).cast(pl.Decimal(10, 2)),
    "quantity": pl.Series([1, -2, 3], dtype=pl.Int16),
}
TEXTS = {
    "customer_id": ["123", None, str(2**60)],
    "order_id": ["17850", "1.5", None],
    "product_id": ["00123", "a", None],
    "quantity": ["1", "-2", "3"],
    "price": ["2.55", "0.10", "-3.00"],
}


def test_typed_parquet_becomes_text_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "typed.parquet"
    pl.DataFrame(TYPED).write_parquet(path)
    raw = read_raw_lines([str(path)])
    assert {role: column(raw, role) for role in TEXTS} == TEXTS
    assert [moment[:19] for moment in column(raw, "time")] == [
        "1970-01-01 00:00:00",
        "1970-01-01 00:01:00",
        "1970-01-01 00:01:01",
    ]


FRAME = pl.DataFrame(
    {
        "customer_id": [7, 8],
        "date": ["2011-01-31", "2011-02-01"],
        "amount": [2.5, 1.0],
    }
)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: FRAME, id="polars"),
        pytest.param(lambda: FRAME.lazy(), id="polars-lazy"),
        pytest.param(lambda: FRAME.to_arrow(), id="pyarrow"),
        pytest.param(lambda: pa.RecordBatchReader.from_stream(FRAME), id="arrow-stream"),
        pytest.param(lambda: pd.DataFrame(FRAME.to_dict(as_series=False)), id="pandas"),
    ],
)
def test_frames_of_any_maker_are_read_alike(made) -> None:
    assert from_frame(made()).frame.equals(from_frame(FRAME).frame)


def test_a_duckdb_relation_is_read_alike() -> None:
    with duckdb.connect() as shop:
        relation = shop.from_arrow(FRAME.to_arrow())
        assert from_frame(relation).frame.equals(from_frame(FRAME).frame)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(SourceError, match="is a list, not a table"):
        from_frame([1, 2])


def test_a_column_of_lists_is_refused() -> None:
    frame = FRAME.with_columns(amount=pl.concat_list("amount"))
    with pytest.raises(ContractError, match="which is not text"):
        from_frame(frame)


def test_a_name_that_is_no_utf8_is_read_and_told_in_escapes(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    try:
        path.write_text(SMALL)
    except OSError:
        pytest.skip("this disk takes no such names")
    raw = read_raw_lines([str(tmp_path)])
    assert raw.files[0].name == f"{tmp_path}/caf\\xe9.csv"
    raw.files[0].name.encode()
