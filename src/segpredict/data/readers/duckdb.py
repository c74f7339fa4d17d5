"""DuckDB database files: one table or view. The first row is row 2, as in a frame."""

import importlib
import threading
from pathlib import Path
from typing import Any

import polars as pl

from segpredict.config.source import SourceOptions
from segpredict.data.readers._reader import FileReader, SourceTable, row_numbers
from segpredict.data.readers._unpack import refuse_bomb
from segpredict.data.readers.sqlite import (
    allowed_seconds,
    choose_table,
    open_database,
    too_much_error,
)
from segpredict.errors import LimitError, SourceError, UnreadableFileError, quote_value

TABLE_NAMES_QUERY = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = 'main' ORDER BY table_name"
)
BATCH_ROWS = 50_000
WAIT = 3  # how many times longer than its CPU time a query may take: it has threads of its own
# A view in a stranger's database must not reach for other files or the network.
SAFE_CONFIG = {"enable_external_access": "false", "autoload_known_extensions": "false"}


def _read(path: Path, layout: SourceOptions) -> SourceTable:
    try:
        duckdb = importlib.import_module("duckdb")
    except ModuleNotFoundError:
        message = "Reading a DuckDB file needs the package duckdb, which is not installed."
        fix = "pip install 'segpredict[duckdb]', or export the table as Parquet."
        raise SourceError(message, fix=fix) from None
    with open_database(path, layout, (".wal",)) as sha256:
        try:
            with duckdb.connect(str(path), read_only=True, config=SAFE_CONFIG) as shop:
                names = [name for (name,) in shop.execute(TABLE_NAMES_QUERY).fetchall()]
                table, quoted = choose_table(names, layout, str(path))
                frame = _frame(shop, quoted, path, layout)
        except duckdb.InterruptException:
            raise too_much_error(path, allowed_seconds(path)) from None
        except duckdb.OutOfMemoryException as error:
            raise LimitError(
                f"{quote_value(path)}: {str(error).splitlines()[0]}.",
                fix="if it is a view, write what it gives into a table.",
                file=str(path),
            ) from None
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise UnreadableFileError(
                str(path), f"DuckDB cannot open it ({reason})", "copy it again."
            ) from None
    found = {"format": "duckdb", "table": table}
    return SourceTable(frame, row_numbers(frame.height), sha256, found)


def _frame(shop: Any, quoted: str, path: Path, layout: SourceOptions) -> pl.DataFrame:
    """Return a table, in batches; a view that gives rows without end, or none, is given up."""
    clock = threading.Timer(WAIT * allowed_seconds(path), shop.interrupt)
    clock.start()
    try:
        batches = shop.sql(f"FROM {quoted}").to_arrow_reader(BATCH_ROWS)
        size, packed, frames = 0, path.stat().st_size, [pl.DataFrame(batches.schema.empty_table())]
        for batch in batches:
            frames.append(pl.DataFrame(batch))
            size += batch.nbytes
            refuse_bomb(size, packed, str(path), layout)
    finally:
        clock.cancel()
    return pl.concat(frames)


PART = FileReader((".duckdb", ".ddb"), _read)
