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

from segpredict.memory import available
from segpredict.store import Share, Shelf, Stored
from segpredict.tables import Companions, Log, Transactions

LINE = 250  # bytes that a line takes on its way to orders, all copies together
Ask = Callable[[Transactions], Sequence[pl.DataFrame]]


def by_share(transactions: Transactions, ask: Ask) -> list[pl.DataFrame]:
    """Return what was asked of all customers, answers of the shares put together.

    Parameters
    ----------
    transactions
        Canonical lines.
    ask
        Gives frames with ``customer_id``, sorted by it. Lines from a store come with
        numbers in the place of customers and orders.

    Returns
    -------
    list of DataFrame
        As many as ``ask`` gives, each sorted by customer.
    """
    found = list(answers(transactions, ask))
    joined = [pl.concat(frames) for frames in zip(*found, strict=True)]
    if _is_in_order(transactions, len(found)):
        return joined
    return [frame.sort("customer_id") for frame in joined]


def _is_in_order(transactions: Transactions, shares: int) -> bool:
    """Return whether the answers of shares follow each other in the order of ids.

    In a store with customers who came later not even those of one share do.
    """
    shelf = transactions.coded if isinstance(transactions, Stored) else None
    return shares == 1 if shelf is None else shelf.codes["customer_id"].is_sorted()


def answers(transactions: Transactions, ask: Ask) -> Iterator[Sequence[pl.DataFrame]]:
    """Yield what was asked of each share of the customers, with their ids."""
    shelf = transactions.coded if isinstance(transactions, Stored) else None
    if shelf is None:
        yield from map(ask, shares(transactions))
        return
    ids = shelf.codes["customer_id"]

    def named(share: Transactions) -> Sequence[pl.DataFrame]:
        return [
            frame.with_columns(ids.gather(frame["customer_id"]).alias("customer_id"))
            for frame in ask(share)
        ]

    # A share of a store is small: a few at a time keep all processors busy.
    threads = pl.thread_pool_size()
    with ThreadPoolExecutor(threads) as workers:
        asked: deque[Future[Sequence[pl.DataFrame]]] = deque()
        for share in shares(transactions):
            asked.append(workers.submit(named, share))
            if len(asked) > threads:
                yield asked.popleft().result()
        while asked:
            yield asked.popleft().result()


def shares(transactions: Transactions) -> Iterator[Transactions]:
    """Yield transactions of whole customers, each small enough for memory."""
    shelf = transactions.coded if isinstance(transactions, Stored) else None
    if shelf is not None:
        names = [each.name for each in fields(Transactions)]
        known = {name: getattr(transactions, name) for name in names}
        known["companions"] = _numbered(transactions, shelf)
        for number in shelf.chunks:
            known["lines"] = shelf.share(number)
            yield Share(**known, shelf=shelf, number=number)
        return
    number = needed(transactions.lines)
    if number == 1:
        yield transactions
        return
    bucket = pl.col("customer_id").hash() % number
    for i in range(number):
        yield replace(transactions, lines=transactions.lines.filter(bucket == i))


def _numbered(transactions: Transactions, shelf: Shelf) -> Companions:
    """Return the tables beside with customers and products as the shares have them."""
    beside = transactions.companions
    found: dict[str, Any] = {}
    for name in ("customers", "products", "prices", "events", "contacts"):
        table = getattr(beside, name)
        if isinstance(table, Log):
            found[name] = replace(table, frame=shelf.as_share(table.frame))
        elif table is not None:
            found[name] = shelf.as_share(table)
    return replace(beside, **found)


def needed(lines: pl.LazyFrame) -> int:
    """Return in how many shares lines must be parted to fit into memory."""
    rows = int(lines.select(pl.len()).collect(engine="in-memory").item())
    return max(1, -(-rows * LINE // max(1, available())))
