"""SQLite database files: one table or view. The first row is row 2, as in a frame."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
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


def _read(path: Path, layout: SourceOptions) -> SourceTable:
    address = f"{path.resolve().as_uri()}?mode=ro"
    with open_database(path, layout, ("-wal", "-journal")) as sha256:
        try:
            with closing(sqlite3.connect(address, uri=True)) as shop:
                names = [name for (name,) in shop.execute(TABLE_NAMES_QUERY)]
                table, quoted = choose_table(names, layout, str(path))
                # Quoted, and one of the names that the database itself listed.
                rows = shop.execute(f"SELECT * FROM {quoted}")
                schema = dict.fromkeys([column[0] for column in rows.description], pl.String)
                texts = [[_cell(value, table, path) for value in row] for row in rows]
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise UnreadableFileError(
                str(path), f"it is no sound SQLite database ({error})", "copy it again."
            ) from None
    frame = pl.DataFrame(texts, schema=schema, orient="row")
    found = {"format": "sqlite", "table": table}
    return SourceTable(frame, row_numbers(frame.height), sha256, found)


@contextmanager
def open_database(path: Path, layout: SourceOptions, endings: Sequence[str]) -> Iterator[str]:
    """Give the hash of a database that does not change meanwhile.

    No side file of these endings may hold changes to come.
    """
    refuse_side_file(path, endings)
    with open_unchanged(path, layout) as stream:
        yield hash_stream(stream)
    refuse_side_file(path, endings)


def choose_table(names: Sequence[str], layout: SourceOptions, file: str) -> tuple[str, str]:
    """Return the table to read, the one that was named or the only one, and its name in SQL."""
    listed = ", ".join(map(quote_value, names)) or "none"
    named = [name for name in names if layout.table in (None, name)]
    if len(named) != 1:
        message = f"{quote_value(file)} holds {len(names)} tables: {listed}."
        fix = "say which: --set source.table=NAME."
        if layout.table is not None:
            missing = quote_value(layout.table)
            message = f"{quote_value(file)} has no table {missing}; it has {listed}."
            fix = "set source.table to one of them."
        raise SourceError(message, fix=fix, file=file)
    return named[0], '"' + named[0].replace('"', '""') + '"'


def _cell(value: object, table: str, path: Path) -> str | None:
    if isinstance(value, bytes):
        raise UnreadableFileError(
            str(path), f"table {quote_value(table)} holds binary cells", "store them as text."
        )
    return None if value is None else str(value)


PART = FileReader((".sqlite", ".sqlite3", ".db3"), _read)
