"""Anything with lines in it → `RawLines`: text under the names of its roles.

One source a file (`csv`, `parquet`); the sample shop (`sample`) makes its own.
"""

from segpredict.sources._layout import Layout, as_text
from segpredict.sources._paths import STORE, called
from segpredict.sources._read import (
    SOURCES,
    from_frame,
    gathered,
    paths,
    read,
    settled,
    tables,
)
from segpredict.sources._source import digest

__all__ = [
    "SOURCES",
    "STORE",
    "Layout",
    "as_text",
    "called",
    "digest",
    "from_frame",
    "gathered",
    "paths",
    "read",
    "settled",
    "tables",
]
