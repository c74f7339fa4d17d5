"""Ids as whole numbers: the place of an id in the sorted list of all ids."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from segpredict.core.disk import sync
from segpredict.data.store.parts import StorePart

IdDictionaries = Mapping[str, pl.Series]  # column → its ids, by code


def coded_columns(schema: Mapping[str, pl.DataType]) -> list[str]:
    """Return the columns that are coded: all text but order numbers.

    Order numbers are not needed after lines were sorted: a flag marks the start of each
    order by then.
    """
    is_text = (name for name, dtype in schema.items() if dtype == pl.String)
    return [name for name in is_text if name != "order_id"]


def learn_codes(lines: pl.LazyFrame, columns: list[str]) -> dict[str, pl.Series]:
    """Return the ids in each column, sorted, so that codes follow the order of ids."""
    queries = [lines.select(pl.col(c).drop_nulls().unique().sort()) for c in columns]
    found = pl.collect_all(queries, engine="streaming")
    return {name: ids[name] for name, ids in zip(columns, found, strict=True)}


def encode_ids(lines: pl.LazyFrame, codes: IdDictionaries) -> pl.LazyFrame:
    """Replace ids by codes."""
    for name, ids in codes.items():
        numbers = pl.int_range(ids.len(), dtype=pl.UInt32, eager=True)
        dictionary = pl.LazyFrame({"id": ids, "code": numbers})
        coded = lines.join(dictionary, left_on=name, right_on="id", how="left")
        lines = coded.drop(name).rename({"code": name})
    return lines


def decode_ids(lines: pl.DataFrame, codes: IdDictionaries) -> pl.DataFrame:
    """Replace codes by ids."""
    present = [name for name in codes if name in lines.columns]
    ids = [codes[name].gather(lines[name]).alias(name) for name in present]
    return lines.with_columns(ids)


def save_codes(codes: IdDictionaries, folder: Path, names: Mapping[str, str]) -> None:
    """Write one Parquet file a column, checksums on."""
    for name, ids in codes.items():
        save_table(pl.DataFrame({"id": ids}), folder / names[name])


def save_code_numbers(codes: pl.Series, path: Path) -> None:
    """Write codes, checksums on."""
    save_table(codes.to_frame("code"), path)


def save_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table, checksums on."""
    pq.write_table(table.to_arrow(), path, compression="zstd", write_page_checksum=True)
    sync(path)


def load_code_numbers(part: StorePart) -> pl.Series:
    """Read what `save_code_numbers` wrote, checksums verified."""
    table = part.read(["code"])
    return pl.Series("customer_id", table["code"], dtype=pl.UInt32)


def load_codes(files: Mapping[str, StorePart]) -> dict[str, pl.Series]:
    """Read what `save_codes` wrote, checksums verified."""
    return {
        name: pl.Series(name, part.read(["id"])["id"], dtype=pl.String)
        for name, part in files.items()
    }
