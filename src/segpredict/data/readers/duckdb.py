"""DuckDB database files: one table or view. The first row is row 2, as in a frame."""

import importlib
from pathlib import Path

import polars as pl

from segpredict.config.source import SourceOptions
from segpredict.data.readers._reader import FileReader, SourceTable, row_numbers
from segpredict.data.readers.sqlite import choose_table, open_database
from segpredict.errors import SourceError, UnreadableFileError

TABLE_NAMES_QUERY = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = 'main' ORDER BY table_name"
)
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
                frame = pl.DataFrame(shop.sql(f"FROM {quoted}").to_arrow_table())
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise UnreadableFileError(
                str(path), f"DuckDB cannot open it ({reason})", "copy it again."
            ) from None
    found = {"format": "duckdb", "table": table}
    return SourceTable(frame, row_numbers(frame.height), sha256, found)


PART = FileReader((".duckdb", ".ddb"), _read)
