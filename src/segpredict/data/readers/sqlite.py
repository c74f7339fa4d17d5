"""SQLite database files: one table or view. The first row is row 2, as in a frame."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl

from segpredict.config.source import SourceOptions
from segpredict.core.disk import hash_stream
from segpredict.data.readers._reader import FileReader, SourceTable, row_numbers
from segpredict.data.readers._unpack import open_unchanged, refuse_bomb, refuse_side_file
from segpredict.errors import LimitError, SourceError, UnreadableFileError, quote_value

FREE_SECONDS, BYTES_PER_SECOND = 4, 2 << 20  # for any database, and by its size
MAX_CELL_BYTES = 16 << 20
STEPS_BETWEEN_LOOKS = 100_000  # of SQLite's machine: milliseconds
BATCH_ROWS, BATCH_BYTES = 50_000, 32 << 20  # of texts that wait as objects of Python
TABLE_NAMES_QUERY = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
    "AND name NOT LIKE 'sqlite_%' ORDER BY name"
)


def _read(path: Path, layout: SourceOptions) -> SourceTable:
    address = f"{path.resolve().as_uri()}?mode=ro"
    seconds = allowed_seconds(path)
    with open_database(path, layout, ("-wal", "-journal")) as sha256:
        try:
            with closing(sqlite3.connect(address, uri=True)) as shop:
                _limit(shop, seconds)
                names = [name for (name,) in shop.execute(TABLE_NAMES_QUERY)]
                table, quoted = choose_table(names, layout, str(path))
                # Quoted, and one of the names that the database itself listed.
                rows = shop.execute(f"SELECT * FROM {quoted}")
                schema = dict.fromkeys([column[0] for column in rows.description], pl.String)
                frame = _frame(rows, schema, table, path, layout)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code in (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOMEM):
                raise too_much_error(path, seconds) from None
            raise UnreadableFileError(
                str(path), f"it is no sound SQLite database ({error})", "copy it again."
            ) from None
    found = {"format": "sqlite", "table": table}
    return SourceTable(frame, row_numbers(frame.height), sha256, found)


def allowed_seconds(path: Path) -> int:
    """Return how long the reading of a database may take: a view can go on for ever."""
    return FREE_SECONDS + path.stat().st_size // BYTES_PER_SECOND


def too_much_error(path: Path, seconds: int) -> LimitError:
    """Return the error of a database that takes more than its size is worth."""
    return LimitError(
        f"{quote_value(path)}: reading it takes more than {seconds} seconds, or one cell more than "
        f"{MAX_CELL_BYTES >> 20} MiB.",
        fix="if it is a view, write what it gives into a table; if a cell is as large, leave that "
        "column out.",
        file=str(path),
    )


def _limit(shop: sqlite3.Connection, seconds: int) -> None:
    """Interrupt statements that take longer, in time of this thread, and refuse huge cells."""
    end = time.thread_time() + seconds
    shop.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
    shop.set_progress_handler(lambda: time.thread_time() > end, STEPS_BETWEEN_LOOKS)


def _frame(
    rows: sqlite3.Cursor,
    schema: dict[str, type[pl.String]],
    table: str,
    path: Path,
    layout: SourceOptions,
) -> pl.DataFrame:
    """Return rows as text, in batches: cells of Python take several times the room."""
    frames, texts, size, batch_size = [pl.DataFrame(schema=schema)], [], 0, 0
    packed = path.stat().st_size
    for row in rows:
        texts.append([_cell(value, table, path) for value in row])
        batch_size += sum(len(text or "") for text in texts[-1])
        if batch_size > BATCH_BYTES or len(texts) == BATCH_ROWS:
            frames.append(pl.DataFrame(texts, schema=schema, orient="row"))
            size, batch_size = size + int(frames[-1].estimated_size()), 0
            texts.clear()
            refuse_bomb(size, packed, str(path), layout)
    frames.append(pl.DataFrame(texts, schema=schema, orient="row"))
    return pl.concat(frames)


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
