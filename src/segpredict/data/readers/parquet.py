"""Parquet files and data sets. Rows count as if a header stood above: the first is 2.

Read through PyArrow, which checks the sums over pages where the writer left any; a
damaged file is refused instead of read differently. Without such sums, damage inside
a page can go unseen: keep the hash of what you were given.
"""

from pathlib import Path
from typing import IO
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from segpredict.config.source import SourceOptions
from segpredict.core.disk import hash_stream
from segpredict.data.readers import _reader as reader
from segpredict.data.readers import _unpack as unpack
from segpredict.data.readers._unpack import open_unchanged
from segpredict.errors import LimitError, UnreadableFileError, quote_value

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
ENCRYPTED_MAGIC = b"PARE"
DICTIONARIES = {"RLE_DICTIONARY", "PLAIN_DICTIONARY"}
BYTES_PER_NUMBER = 4
DAMAGE_ERRORS = (pa.ArrowException, PolarsError, OSError, ValueError, OverflowError)


def _read(path: Path, layout: SourceOptions) -> reader.SourceTable:
    with open_unchanged(path, layout) as stream:
        sha256 = hash_stream(stream)
        _check_ends(stream, path)
        with reader.translate_read_errors(str(path), "sound Parquet", *DAMAGE_ERRORS):
            frame = _frame(stream, path, layout)
    partitions = _partitions(path, frame.columns)
    frame = frame.with_columns(
        pl.lit(value, pl.String).alias(name) for name, value in partitions.items()
    )
    found = {"format": "parquet"}
    if partitions:
        found["partition"] = ", ".join(f"{k}={v}" for k, v in partitions.items())
    return reader.SourceTable(frame, reader.row_numbers(frame.height), sha256, found)


def _check_ends(stream: IO[bytes], path: Path) -> None:
    start = stream.read(4)
    size = stream.seek(0, 2)
    stream.seek(max(size - 4, 0))
    end = stream.read(4)
    if ENCRYPTED_MAGIC in (start, end):
        raise UnreadableFileError(str(path), "it is encrypted Parquet", "decrypt it first.")
    if start == b"PAR1" and end != b"PAR1":
        reason = "it is cut off, or still being written: not sound Parquet without a footer"
        raise UnreadableFileError(str(path), reason, "copy it again when it is whole.")


def _frame(stream: IO[bytes], path: Path, layout: SourceOptions) -> pl.DataFrame:
    with pq.ParquetFile(
        stream,
        page_checksum_verification=True,
        arrow_extensions_enabled=False,
        read_dictionary=_dictionaries(stream),
    ) as whole:
        meta = whole.metadata
        _refuse_too_large(meta, path, layout)
        flat = [field.name for field in whole.schema_arrow if not pa.types.is_nested(field.type)]
        nested = [name for name in whole.schema_arrow.names if name not in flat]
        table = whole.read(columns=flat, use_threads=True)
    if table.num_rows != meta.num_rows:
        reason = f"it promises {meta.num_rows} rows and holds {table.num_rows}"
        raise UnreadableFileError(str(path), reason, "export it again.")
    # Damage that no checksum guards can leave texts that end beyond their bytes.
    table.validate(full=True)
    table = _texts_for_dictionaries(table, path, layout)
    frame = pl.DataFrame(pl.from_arrow(_bare(table)))
    # A nested column keeps its place, so that asking for it says what it is.
    return frame.with_columns(pl.lit(None, pl.List(pl.Null)).alias(name) for name in nested)


def _bare(table: pa.Table) -> pa.Table:
    """Return a table without labels that ask a reader for types of its own."""
    types = [
        (field.name, getattr(field.type, "storage_type", field.type)) for field in table.schema
    ]
    return table.cast(pa.schema(types))


def _dictionaries(stream: IO[bytes]) -> list[str]:
    """Return the columns whose texts may be stored once and named many times."""
    meta = pq.read_metadata(stream)
    groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
    columns = (group.column(j) for group in groups for j in range(group.num_columns))
    found = {c.path_in_schema for c in columns if DICTIONARIES & set(c.encodings)}
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary)
    return [
        field.name
        for field in meta.schema.to_arrow_schema()
        if field.name in found and any(is_kind(field.type) for is_kind in texts)
    ]


def _texts_for_dictionaries(table: pa.Table, path: Path, layout: SourceOptions) -> pa.Table:
    """Return the texts that dictionaries name, if they are not far more than the file."""
    size = 0
    for column in table.columns:
        for chunk in column.chunks if pa.types.is_dictionary(column.type) else ():
            lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
            size += pc.sum(lengths.take(chunk.indices)).as_py() or 0
            unpack.refuse_bomb(size, path.stat().st_size, str(path), layout)
    types = [
        (field.name, getattr(field.type, "value_type", field.type))
        if pa.types.is_dictionary(field.type)
        else (field.name, field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(types))


def _refuse_too_large(meta: pq.FileMetaData, path: Path, layout: SourceOptions) -> None:
    groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
    columns = (group.column(j) for group in groups for j in range(group.num_columns))
    size = sum(column.total_uncompressed_size for column in columns)
    if size > layout.max_unpacked_bytes:
        raise LimitError(
            f"{quote_value(path)} holds {size} bytes when unpacked, more than "
            f"source.max_unpacked_bytes = {layout.max_unpacked_bytes}.",
            fix="raise source.max_unpacked_bytes, or split the file.",
            file=str(path),
        )
    # Rows that repeat take next to no room in a file, and a number each in memory.
    room = max(size, meta.num_rows * meta.num_columns * BYTES_PER_NUMBER)
    unpack.refuse_bomb(room, path.stat().st_size, str(path), layout)


def _partitions(path: Path, columns: list[str]) -> dict[str, str | None]:
    """Return the columns that the folders above a file give: ``year=2011``."""
    found: dict[str, str | None] = {}
    for folder in path.parents:
        name, equals, value = folder.name.partition("=")
        if not equals or not name:
            break
        if name not in columns:
            found[name] = None if value == HIVE_NULL else unquote(value)
    return dict(reversed(found.items()))


PART = reader.FileReader((".parquet", ".pq"), _read)
