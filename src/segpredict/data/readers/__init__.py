"""Anything with lines in it → `RawLines`: text under the names of its roles.

One source a file (`csv`, `parquet`); the sample shop (`sample`) makes its own.
"""

from segpredict.data.readers._read import (
    READERS,
    STORE_FILE,
    OpenedInput,
    check_raw_lines,
    collect_inputs,
    expand_names,
    file_name_text,
    from_frame,
    opened_inputs,
    preset_hint,
    read_raw_lines,
    read_tables,
)
from segpredict.data.readers._reader import (
    FileReader,
    SourceTable,
    file_sha256,
    in_kind_of,
    row_numbers,
)
from segpredict.data.readers._spool import MAX_ROWS_IN_MEMORY
from segpredict.data.readers._unpack import changed_file_error

__all__ = [
    "MAX_ROWS_IN_MEMORY",
    "READERS",
    "STORE_FILE",
    "FileReader",
    "OpenedInput",
    "SourceTable",
    "changed_file_error",
    "check_raw_lines",
    "collect_inputs",
    "expand_names",
    "file_name_text",
    "file_sha256",
    "from_frame",
    "in_kind_of",
    "opened_inputs",
    "preset_hint",
    "read_raw_lines",
    "read_tables",
    "row_numbers",
]
