"""Ask share by share: whole customers each, as many as memory and the store suggest.

A feature is a matter of one customer's rows, so lines may be parted by customer, asked
in turn and the answers put together; no bit of them changes.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any

import polars as pl

from segpredict.core.memory import available_bytes
from segpredict.core.transactions import CustomerLog, SideTables, Transactions
from segpredict.data.store import StoreBatch, StoredTransactions, TransactionStore

BYTES_PER_LINE = 250  # bytes that a line takes on its way to orders, all copies together
BatchFunction = Callable[[Transactions], Sequence[pl.DataFrame]]


def compute_in_batches(transactions: Transactions, compute: BatchFunction) -> list[pl.DataFrame]:
    """Return what was asked of all customers, answers of the shares put together.

    Parameters
    ----------
    transactions
        Canonical lines.
    compute
        Gives frames with ``customer_id``, sorted by it. Lines from a store come with
        numbers in the place of customers and orders.

    Returns
    -------
    list of DataFrame
        As many as ``compute`` gives, each sorted by customer.
    """
    found = list(batch_results(transactions, compute))
    joined = [pl.concat(frames) for frames in zip(*found, strict=True)]
    if _is_in_order(transactions, len(found)):
        return joined
    return [frame.sort("customer_id") for frame in joined]


def _is_in_order(transactions: Transactions, shares: int) -> bool:
    """Return whether the answers of shares follow each other in the order of ids.

    In a store with customers who came later not even those of one share do.
    """
    shelf = transactions.coded if isinstance(transactions, StoredTransactions) else None
    return shares == 1 if shelf is None else shelf.codes["customer_id"].is_sorted()


def batch_results(
    transactions: Transactions, compute: BatchFunction
) -> Iterator[Sequence[pl.DataFrame]]:
    """Yield what was asked of each share of the customers, with their ids."""
    shelf = transactions.coded if isinstance(transactions, StoredTransactions) else None
    if shelf is None:
        yield from map(compute, customer_batches(transactions))
        return
    ids = shelf.codes["customer_id"]

    def named(share: Transactions) -> Sequence[pl.DataFrame]:
        return [
            frame.with_columns(ids.gather(frame["customer_id"]).alias("customer_id"))
            for frame in compute(share)
        ]

    # A share of a store is small: a few at a time keep all processors busy.
    threads = pl.thread_pool_size()
    with ThreadPoolExecutor(threads) as workers:
        asked: deque[Future[Sequence[pl.DataFrame]]] = deque()
        for share in customer_batches(transactions):
            asked.append(workers.submit(named, share))
            if len(asked) > threads:
                yield asked.popleft().result()
        while asked:
            yield asked.popleft().result()


def customer_batches(transactions: Transactions) -> Iterator[Transactions]:
    """Yield transactions of whole customers, each small enough for memory."""
    shelf = transactions.coded if isinstance(transactions, StoredTransactions) else None
    if shelf is not None:
        names = [each.name for each in fields(Transactions)]
        known = {name: getattr(transactions, name) for name in names}
        known["companions"] = _numbered(transactions, shelf)
        for number in shelf.chunk_numbers:
            known["lines"] = shelf.batch(number)
            yield StoreBatch(**known, store=shelf, number=number)
        return
    number = required_batches(transactions.lines)
    if number == 1:
        yield transactions
        return
    bucket = pl.col("customer_id").hash() % number
    for i in range(number):
        yield replace(transactions, lines=transactions.lines.filter(bucket == i))


def _numbered(transactions: Transactions, shelf: TransactionStore) -> SideTables:
    """Return the tables beside with customers and products as the shares have them."""
    beside = transactions.side_tables
    found: dict[str, Any] = {}
    for name in ("customers", "products", "prices", "events", "contacts"):
        table = getattr(beside, name)
        if isinstance(table, CustomerLog):
            found[name] = replace(table, frame=shelf.encode_table(table.frame))
        elif table is not None:
            found[name] = shelf.encode_table(table)
    return replace(beside, **found)


def required_batches(lines: pl.LazyFrame) -> int:
    """Return in how many shares lines must be parted to fit into memory."""
    rows = int(lines.select(pl.len()).collect(engine="in-memory").item())
    return max(1, -(-rows * BYTES_PER_LINE // max(1, available_bytes())))
