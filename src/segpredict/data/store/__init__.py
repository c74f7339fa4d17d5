"""The canonical store: a shop's lines on disk, as fast to read as the disk allows.

Parquet sorted by customer and day, ids as whole numbers with dictionaries, money integral,
page checksums on. What is written reads back as the same `Transactions`; features recognise
such transactions and work on the numbers, a few hundred thousand lines at a time.
"""

from segpredict.data.store.orders import repeat_purchases
from segpredict.data.store.parts import named_files
from segpredict.data.store.stored import (
    StoreBatch,
    StoredTransactions,
    TransactionStore,
    open_store,
)
from segpredict.data.store.write import draft_store, keep_on_disk, renew_store, write_store

__all__ = [
    "StoreBatch",
    "StoredTransactions",
    "TransactionStore",
    "draft_store",
    "keep_on_disk",
    "named_files",
    "open_store",
    "renew_store",
    "repeat_purchases",
    "write_store",
]
