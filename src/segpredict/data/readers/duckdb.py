"""DuckDB database files: one table or view. The first row is row 2, as in a frame."""

import importlib
from pathlib import Path
from types import ModuleType

import polars as pl

from segpredict.config.source import SourceOptions
from segpredict.core.disk import hash_stream
from segpredict.data.readers._reader import FileReader, SourceTable, row_numbers
from segpredict.data.readers._unpack import open_unchanged, refuse_side_file
from segpredict.data.readers.sqlite import choose_table
from segpredict.errors import SourceError, UnreadableFileError

TABLE_NAMES_QUERY = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = 'main' ORDER BY table_name"
)

SIDE_FILES = (".wal",)  # endings of the files with changes to come


def _read(path: Path, layout: SourceOptions) -> SourceTable:
    duckdb = _engine()
    # A view in a stranger's database must not reach for other files or the network.
    safe = {"enable_external_access": "false", "autoload_known_extensions": "false"}
    refuse_side_file(path, SIDE_FILES)
    with open_unchanged(path, layout) as stream:
        sha256 = hash_stream(stream)
        try:
            with duckdb.connect(str(path), read_only=True, config=safe) as shop:
                names = [name for (name,) in shop.execute(TABLE_NAMES_QUERY).fetchall()]
                table = choose_table(names, layout, str(path))
                quoted = '"' + table.replace('"', '""') + '"'
                frame = pl.DataFrame(shop.sql(f"FROM {quoted}").to_arrow_table())
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise UnreadableFileError(
                str(path), f"DuckDB cannot open it ({reason})", "copy it again."
            ) from None
    refuse_side_file(path, SIDE_FILES)
    found = {"format": "duckdb", "table": table}
    return SourceTable(frame, row_numbers(frame.height), sha256, found)


def _engine() -> ModuleType:
    try:
        return importlib.import_module("duckdb")
    except ModuleNotFoundError:
        raise SourceError(
            "Reading a DuckDB file needs the package duckdb, which is not installed.",
            fix="pip install 'segpredict[duckdb]', or export the table as Parquet.",
        ) from None


PART = FileReader("duckdb", (".duckdb", ".ddb"), _read)
