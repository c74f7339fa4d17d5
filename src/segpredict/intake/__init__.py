"""From what a person names to a cleaned shop with its side tables.

Names lead to files, folders and globs, or to a store that `ingest` has filled.
"""

from segpredict.intake._ingest import IngestResult, ingest
from segpredict.intake._read import NewData, read_new_data, read_transactions, read_with_side_tables
from segpredict.intake._stored import store_folder, store_settings

__all__ = [
    "IngestResult",
    "NewData",
    "ingest",
    "read_new_data",
    "read_transactions",
    "read_with_side_tables",
    "store_folder",
    "store_settings",
]
