"""From what a person names to a cleaned shop with its side tables.

Names lead to files, folders and globs, or to a store that `ingest` has filled.
"""

from segpredict.data.ingest.ingest import IngestResult, ingest
from segpredict.data.ingest.read import (
    path_names,
    read_transactions,
    read_with_side_tables,
    store_folder,
    store_settings,
)

__all__ = [
    "IngestResult",
    "ingest",
    "path_names",
    "read_transactions",
    "read_with_side_tables",
    "store_folder",
    "store_settings",
]
