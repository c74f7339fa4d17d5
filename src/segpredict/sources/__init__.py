"""Anything with lines in it → `RawLines`: text under the names of its roles.

One source a file (`csv`, `parquet`); the sample shop (`sample`) makes its own.
"""

from segpredict.sources._layout import SourceOptions, columns_as_text
from segpredict.sources._paths import STORE_FILE, file_name_text
from segpredict.sources._read import (
    READERS,
    check_raw_lines,
    collect_raw_lines,
    expand_names,
    from_frame,
    read_raw_lines,
    read_tables,
)
from segpredict.sources._source import file_sha256

__all__ = [
    "READERS",
    "STORE_FILE",
    "SourceOptions",
    "check_raw_lines",
    "collect_raw_lines",
    "columns_as_text",
    "expand_names",
    "file_name_text",
    "file_sha256",
    "from_frame",
    "read_raw_lines",
    "read_tables",
]
