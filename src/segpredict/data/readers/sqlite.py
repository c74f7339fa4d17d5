"""SQLite database files: one table or view. The first row is row 2, as in a frame."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from segpredict.config.source import SourceOptions
from segpredict.core.disk import hash_stream
from segpredict.data.readers._reader import FileReader, SourceTable, row_numbers
from segpredict.data.readers._unpack import open_unchanged, refuse_side_file
from segpredict.errors import SourceError, UnreadableFileError, quote_value

TABLE_NAMES_QUERY = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
    "AND name NOT LIKE 'sqlite_%' ORDER BY name"
)

SIDE_FILES = ("-wal", "-journal")  # endings of the files with changes to come


def _read(path: Path, layout: SourceOptions) -> SourceTable:
    refuse_side_file(path, SIDE_FILES)
    with open_unchanged(path, layout) as stream:
        sha256 = hash_stream(stream)
        try:
            address = f"{path.resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as shop:
                names = [name for (name,) in shop.execute(TABLE_NAMES_QUERY)]
                table = choose_table(names, layout, str(path))
                frame = _frame(shop, table, path)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise UnreadableFileError(
                str(path), f"it is no sound SQLite database ({error})", "copy it again."
            ) from None
    refuse_side_file(path, SIDE_FILES)
    found = {"format": "sqlite", "table": table}
    return SourceTable(frame, row_numbers(frame.height), sha256, found)


def choose_table(names: Sequence[str], layout: SourceOptions, file: str) -> str:
    """Return the table to read: the one that was named, or the only one."""
    listed = ", ".join(map(quote_value, names)) or "none"
    if layout.table is not None:
        if layout.table in names:
            return layout.table
        raise SourceError(
            f"{quote_value(file)} has no table {quote_value(layout.table)}; it has {listed}.",
            fix="set source.table to one of them.",
            file=file,
        )
    if len(names) != 1:
        raise SourceError(
            f"{quote_value(file)} holds {len(names)} tables: {listed}.",
            fix="say which: --set source.table=NAME.",
            file=file,
        )
    return names[0]


def _frame(shop: sqlite3.Connection, table: str, path: Path) -> pl.DataFrame:
    quoted = '"' + table.replace('"', '""') + '"'
    # Quoted, and one of the names that the database itself listed.
    rows = shop.execute(f"SELECT * FROM {quoted}")
    names = [column[0] for column in rows.description]
    texts = [[_cell(value, table, path) for value in row] for row in rows]
    return pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String), orient="row")


def _cell(value: object, table: str, path: Path) -> str | None:
    if isinstance(value, bytes):
        raise UnreadableFileError(
            str(path), f"table {quote_value(table)} holds binary cells", "store them as text."
        )
    return None if value is None else str(value)


PART = FileReader("sqlite", (".sqlite", ".sqlite3", ".db3"), _read)
