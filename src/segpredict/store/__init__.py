"""The canonical store: a shop's lines on disk, as fast to read as the disk allows.

Parquet sorted by customer and day, ids as whole numbers with their dictionaries beside
them, money integral, page checksums on. What is written reads back as the same
`Transactions`; features know such transactions and work on the numbers, a few hundred
thousand lines at a time.
"""

from segpredict.store._keep import add, write
from segpredict.store._renew import renew
from segpredict.store._repeats import repeats
from segpredict.store._stored import Share, Shelf, Stored, open

__all__ = ["Share", "Shelf", "Stored", "add", "open", "renew", "repeats", "write"]
