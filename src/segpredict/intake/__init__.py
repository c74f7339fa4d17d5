"""From what a person names to a cleaned shop with its side tables.

Names lead to files, folders and globs, or to a store that `ingest` has filled.
"""

from segpredict.intake._ingest import Ingested, ingest
from segpredict.intake._read import Fresh, fresh, opened, read
from segpredict.intake._stored import remembered, shelf

__all__ = [
    "Fresh",
    "Ingested",
    "fresh",
    "ingest",
    "opened",
    "read",
    "remembered",
    "shelf",
]
