"""Rows P01-P12 of the catalogue of bad input, each under its id."""

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segpredict.config.source import SourceOptions
from segpredict.core.transactions import RawLines
from segpredict.data.readers import read_raw_lines
from segpredict.data.readers._reader import translate_read_errors
from segpredict.errors import ContractError, LimitError, SourceError, UnreadableFileError

LINES = pl.DataFrame(
    {
        "customer_id": ["00123", "123"] * 500,
        "date": ["2011-01-31", "2011-02-01"] * 500,
        "amount": [str(i) for i in range(1000)],
    }
)


def parquet(folder: Path, name: str = "a.parquet") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    LINES.write_parquet(path)
    return path


def ids(raw: RawLines) -> list[str | None]:
    return raw.frame["customer_id"].to_list()


def test_p01_a_cut_parquet_file_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableFileError, match="cut off, or still being written"):
        read_raw_lines([str(path)])


@pytest.mark.parametrize("size", [pytest.param(s, id=f"P02-{s}") for s in (2**31 - 1, 0)])
def test_a_footer_that_lies_about_its_size_is_refused(size: int, tmp_path: Path) -> None:
    path = parquet(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-8] + size.to_bytes(4, "little") + b"PAR1")
    with pytest.raises(UnreadableFileError, match="not sound Parquet"):
        read_raw_lines([str(path)])


def test_p03_damage_under_a_page_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(LINES.to_arrow(), path, write_page_checksum=True, compression="none")
    whole = bytearray(path.read_bytes())
    at = whole.index(b"2011-01-31")
    whole[at] ^= 1
    path.write_bytes(bytes(whole))
    with pytest.raises(UnreadableFileError, match=r"not sound Parquet .*CRC"):
        read_raw_lines([str(path)])


def test_p04_damage_without_a_checksum_is_refused_or_keeps_the_shape(
    tmp_path: Path,
) -> None:
    path = parquet(tmp_path)
    whole = path.read_bytes()
    for at in range(4, len(whole), max(len(whole) // 60, 1)):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        path.write_bytes(bytes(damaged))
        try:
            raw = read_raw_lines([str(path)])
        except (SourceError, ContractError):
            continue
        assert raw.frame.height == 1000


class PanicException(BaseException):
    pass


def test_p05_a_panic_is_an_error_about_the_file() -> None:
    def panic() -> None:
        with translate_read_errors("a.parquet", "sound Parquet"):
            raise PanicException("index out of range")

    with pytest.raises(UnreadableFileError, match="index out of range"):
        panic()


def test_p05_an_interrupt_is_no_panic() -> None:
    def interrupt() -> None:
        with translate_read_errors("a.parquet", "sound Parquet", ValueError):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_p06_encrypted_parquet_is_named(tmp_path: Path) -> None:
    path = parquet(tmp_path)
    path.write_bytes(b"PARE" + path.read_bytes()[4:-4] + b"PARE")
    with pytest.raises(UnreadableFileError, match="encrypted"):
        read_raw_lines([str(path)])


def test_p07_nested_columns_matter_only_when_they_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    nested = LINES.with_columns(tags=pl.concat_list("amount"))
    nested.write_parquet(path)
    assert read_raw_lines([str(path)]).frame.height == 1000
    LINES.with_columns(amount=pl.concat_list("amount")).write_parquet(path)
    with pytest.raises(ContractError, match="which is not text"):
        read_raw_lines([str(path)])


def test_p08_odd_types_are_exact(tmp_path: Path) -> None:
    moment = dt.datetime.fromisoformat("2011-01-31 08:26")
    table = pa.table(
        {
            "customer_id": pa.array(["00123"], pa.large_string()).dictionary_encode(),
            "date": pa.array([moment], pa.timestamp("ns")),
            "amount": pa.array([Decimal("2.5000000001")], pa.decimal128(38, 10)),
        }
    )
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)
    raw = read_raw_lines([str(path)]).frame
    assert raw["customer_id"][0] == "00123"
    assert raw["time"][0].startswith("2011-01-31 08:26:00")
    assert raw["amount"][0] == "2.5000000001"


def test_p09_no_row_groups_and_tiny_ones_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    LINES.clear().write_parquet(path)
    assert read_raw_lines([str(path)]).frame.height == 0
    LINES.write_parquet(path, row_group_size=1)
    assert read_raw_lines([str(path)]).frame.height == 1000


def test_p10_a_partitioned_folder_gives_its_columns_and_hides_what_is_hidden(
    tmp_path: Path,
) -> None:
    for country in ("UK", "C%C3%B4te"):
        parquet(tmp_path, f"shop/country={country}/0.parquet")
    (tmp_path / "shop" / "_SUCCESS").write_text("")
    (tmp_path / "shop" / "_temporary").mkdir()
    (tmp_path / "shop" / "_temporary" / "x.parquet").write_text("half")
    LINES.with_columns(pl.col("customer_id").cast(pl.Int64)).write_parquet(
        tmp_path / "shop" / "country=UK" / "1.parquet"
    )
    raw = read_raw_lines([str(tmp_path / "shop")])
    assert raw.frame.height == 3000
    assert sorted(raw.frame["country"].unique().to_list()) == ["Côte", "UK"]
    assert set(ids(raw)) == {"00123", "123"}


def test_p11_extension_types_import_nothing(tmp_path: Path) -> None:
    storage = LINES.to_arrow().schema.field("amount")
    evil = storage.with_metadata(
        {
            b"ARROW:extension:name": b"arrow.py_extension_type",
            b"ARROW:extension:metadata": b"cos\nsystem\n(S'true'\ntR.",
        }
    )
    table = LINES.to_arrow()
    schema = table.schema.set(2, evil)
    path = tmp_path / "a.parquet"
    pq.write_table(table.cast(schema), path)
    seen: list[str] = []
    sys.addaudithook(lambda name, _: seen.append(name) if name.startswith("pickle") else None)
    assert read_raw_lines([str(path)]).frame.height == 1000
    assert seen == []


def test_p12_what_would_grow_too_large_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="when unpacked") as caught:
        read_raw_lines([str(parquet(tmp_path))], SourceOptions(max_unpacked_bytes=1000))
    assert caught.value.exit_code == 10


def test_p12_one_text_that_is_named_many_times_is_refused(tmp_path: Path) -> None:
    ids = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["c" * 10_000])
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"customer_id": ids}), path)
    assert path.stat().st_size < 100_000
    with pytest.raises(LimitError, match="1000000000"):
        read_raw_lines([str(path)])
