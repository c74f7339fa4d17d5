"""The reader against Python's own csv module, and one real shop in five shapes."""

import contextlib
import csv
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Literal

import polars as pl
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from segpredict.config.source import SourceOptions
from segpredict.data.readers import read_raw_lines
from segpredict.errors import SegpredictError

CELL = st.text(st.sampled_from(list("ab1 é,;\t|\"'\\\n\r#=x")), max_size=6).filter(
    lambda cell: cell.strip(" \t\n\r") == cell or not cell.strip()
)
ROW = st.tuples(st.sampled_from(["00123", "123", "C7"]), st.just("2011-01-31"), CELL)
INVISIBLE = " \t\n\r"


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(ROW, min_size=1, max_size=12),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    coding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_MINIMAL]),
)
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    separator: str,
    end: str,
    coding: str,
    quoting: Literal[0, 1, 2],
) -> None:
    if quoting == csv.QUOTE_MINIMAL:  # which leaves some line ends unquoted
        rows = [(one, day, " ".join(cell.split())) for one, day, cell in rows]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerows([("customer_id", "date", "description", "amount")])
    writer.writerows([(*row, "1") for row in rows])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(text.getvalue().encode(coding))
    layout = SourceOptions()
    if "\\" in text.getvalue():  # before a quote it may mean two things
        layout = SourceOptions(quote_escape="double")
    raw = read_raw_lines([str(path)], layout)
    wanted = [cell.strip(INVISIBLE) or None for _, _, cell in rows]
    assert raw.frame["customer_id"].to_list() == [row[0] for row in rows]
    assert raw.frame["description"].to_list() == wanted


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_fix(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.csv"
    for start in (b"", b"customer_id,date,amount\n"):
        path.write_bytes(start + content)
        with contextlib.suppress(SegpredictError):
            raw = read_raw_lines([str(path)], bad_rows="carry")
            assert raw.frame.height <= content.count(b"\n") + content.count(b"\r") + 1


def packed(text: bytes, kind: str, folder: Path) -> Path:
    path = folder / f"a.{kind}"
    if kind == "csv.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", text)
    else:
        codec = "zstd" if kind == "csv.zst" else "gzip"
        path.write_bytes(pa.compress(text, codec=codec, asbytes=True))
    return path


@pytest.mark.parametrize("kind", ["csv.gz", "csv.zip", "csv.zst"])
def test_a_packed_file_equals_the_plain_one(kind: str, tmp_path: Path) -> None:
    text = b"customer_id,date,amount\n" + b"00123,2011-01-31,2.50\n" * 1000
    (tmp_path / "b.csv").write_bytes(text)
    plain = read_raw_lines([str(tmp_path / "b.csv")]).frame
    assert read_raw_lines([str(packed(text, kind, tmp_path))]).frame.equals(plain)


@pytest.fixture(scope="module")
def downloaded(real_data: Path) -> pl.DataFrame:
    return read_raw_lines([str(real_data / "online_retail" / "data.csv.zip")]).frame


@pytest.mark.real
def test_the_drops_of_a_quarter_equal_their_part_of_the_file(
    real_data: Path, downloaded: pl.DataFrame, tmp_path: Path
) -> None:
    folder = real_data / "online_retail"
    with (
        pa.input_stream(str(folder / "online_retail_by_day.tar.zst"), "zstd") as packed,
        tarfile.open(fileobj=packed, mode="r|") as drops,
    ):
        for drop in drops:
            if "2011-01" <= drop.name.rpartition("/")[2] < "2011-04":
                drops.extract(drop, tmp_path, filter="data")
    days = read_raw_lines([str(tmp_path)])
    assert len(days.files) == 75
    assert downloaded.height == 541_909
    roles = ["order_id", "product_id", "description", "country", "customer_id"]
    bare = pl.col("customer_id").str.replace(r"\.0$", "")
    sorted_days = days.frame.with_columns(bare).select(roles).sort(roles)
    same = downloaded.join(sorted_days, on="order_id", how="semi").select(roles)
    assert sorted_days.equals(same.sort(roles))


@pytest.mark.real
def test_the_parquet_file_equals_the_csv_file(real_data: Path, downloaded: pl.DataFrame) -> None:
    folder = real_data / "online_retail"
    columns = ["order_id", "product_id", "quantity", "customer_id", "country"]
    store = read_raw_lines([str(folder / "online_retail.parquet")]).frame.select(columns)
    assert store.sort(columns).equals(downloaded.select(columns).sort(columns))


@pytest.mark.real
def test_a_workbook_of_real_lines_equals_them(downloaded: pl.DataFrame, tmp_path: Path) -> None:
    rows = downloaded.head(5000)
    path = tmp_path / "a.xlsx"
    roles = [role for role in rows.columns if role not in ("file", "row")]
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, roles)
        for i, row in enumerate(rows.select(roles).rows(), start=1):
            for j, cell in enumerate(row):
                is_number = roles[j] in ("quantity", "price")
                sheet.write(i, j, float(cell) if is_number and cell else cell)
    assert read_raw_lines([str(path)]).frame.select(roles).equals(rows.select(roles))
