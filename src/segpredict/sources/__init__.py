"""Anything with lines in it → `RawLines`: text under the names of its roles.

One source a file (`csv`, `parquet`); the sample shop (`sample`) makes its own.
"""

from segpredict.sources._columns import as_text
from segpredict.sources._layout import Layout
from segpredict.sources._read import SOURCES, from_frame, read, tables

__all__ = ["SOURCES", "Layout", "as_text", "from_frame", "read", "tables"]
