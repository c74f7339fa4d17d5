"""Read a shop in batches of whole customers, and say what columns and tables it has.

A feature depends on one customer's rows only, so splitting by customer changes not a bit.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any

import polars as pl

from segpredict.core.process import available_bytes
from segpredict.core.transactions import CustomerLog, SideTables, Transactions
from segpredict.data.store import StoreBatch, StoredTransactions, TransactionStore

COLUMN_MEANINGS: Mapping[str, str] = {
    "products": "product numbers",
    "returns": "returns",
    "minutes": "time of the day",
    "countries": "countries",
    "discounts": "discounts",
    "categories": "table of products with categories",
    "prices": "frozen table of prices",
    "customers": "table of customers",
    "events": "table of web events",
    "contacts": "table of marketing contacts",
}

_RETURN = "is_return"
_COLUMNS = {
    "returns": _RETURN,
    "products": "product_id",
    "minutes": "minute",
    "countries": "country",
    "discounts": "discount",
}
# Frozen tables say something of a line by its product.
NEEDED_COLUMNS = {**_COLUMNS, "prices": "product_id", "categories": "product_id"}

BYTES_PER_LINE = 250  # bytes that a line takes until it is part of an order, all copies together
SMALL_BATCH = 10_000  # lines that fit into any memory
BatchFunction = Callable[[Transactions], Sequence[pl.DataFrame]]


def compute_in_batches(transactions: Transactions, compute: BatchFunction) -> list[pl.DataFrame]:
    """Return the results for all customers, those of the batches concatenated."""
    found = list(batch_results(transactions, compute))
    joined = [pl.concat(frames) for frames in zip(*found, strict=True)]
    store = transactions.coded if isinstance(transactions, StoredTransactions) else None
    # Batches follow in the order of ids unless a store grew: then not even those of one do.
    ordered = len(found) == 1 if store is None else store.codes["customer_id"].is_sorted()
    return joined if ordered else [frame.sort("customer_id") for frame in joined]


def batch_results(
    transactions: Transactions, compute: BatchFunction
) -> Iterator[Sequence[pl.DataFrame]]:
    """Yield the results of each batch of customers, with their ids."""
    store = transactions.coded if isinstance(transactions, StoredTransactions) else None
    if store is None:
        yield from map(compute, customer_batches(transactions))
        return
    ids = store.codes["customer_id"]

    def named(batch: Transactions) -> Sequence[pl.DataFrame]:
        coded = ((frame, frame["customer_id"]) for frame in compute(batch))
        return [frame.with_columns(ids.gather(c).alias("customer_id")) for frame, c in coded]

    # A batch of a store is small: a few at a time keep all processors busy.
    threads = pl.thread_pool_size()
    with ThreadPoolExecutor(threads) as workers:
        pending: deque[Future[Sequence[pl.DataFrame]]] = deque()
        for batch in customer_batches(transactions):
            pending.append(workers.submit(named, batch))
            if len(pending) > threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def customer_batches(transactions: Transactions) -> Iterator[Transactions]:
    """Yield transactions of whole customers, each small enough for memory."""
    store = transactions.coded if isinstance(transactions, StoredTransactions) else None
    if store is not None:
        known = {f.name: getattr(transactions, f.name) for f in fields(Transactions)}
        known["side_tables"] = _numbered(transactions, store)
        for number in store.chunk_numbers:
            known["lines"] = store.batch(number)
            yield StoreBatch(**known, store=store, number=number)
        return
    number = required_batches(transactions.lines)
    if number == 1:
        yield transactions
        return
    bucket = pl.col("customer_id").hash() % number
    for i in range(number):
        yield replace(transactions, lines=transactions.lines.filter(bucket == i))


def _numbered(transactions: Transactions, store: TransactionStore) -> SideTables:
    """Return the side tables with customers and products coded as in the batches."""
    side_tables = transactions.side_tables
    found: dict[str, Any] = {}
    for name in ("customers", "products", "prices", "events", "contacts"):
        table = getattr(side_tables, name)
        if isinstance(table, CustomerLog):
            found[name] = replace(table, frame=store.encode_table(table.frame))
        elif table is not None:
            found[name] = store.encode_table(table)
    return replace(side_tables, **found)


def few_lines(lines: pl.LazyFrame) -> pl.DataFrame | pl.LazyFrame:
    """Return lines in memory if they are few: to plan a query takes longer than they do then."""
    return lines.collect() if _number(lines) <= SMALL_BATCH else lines


def _number(lines: pl.LazyFrame) -> int:
    return int(lines.select(pl.len()).collect(engine="in-memory").item())


def required_batches(lines: pl.LazyFrame) -> int:
    """Return into how many batches lines must be split to fit into memory."""
    rows = _number(lines)
    if rows <= SMALL_BATCH:
        return 1
    return max(1, -(-rows * BYTES_PER_LINE // max(1, available_bytes())))


def available_columns(transactions: Transactions, until: int | None = None) -> frozenset[str]:
    """Return which of `COLUMN_MEANINGS` the shop has, or had before a day."""
    tables, products = transactions.side_tables, transactions.side_tables.products
    kinds = ("prices", "customers", "events", "contacts")
    present = {kind for kind in kinds if getattr(tables, kind) is not None}
    if products is not None and "category" in products.columns:
        present.add("categories")
    named = transactions.lines.collect_schema().names()
    requested = {n: column for n, column in _COLUMNS.items() if column in named}
    return frozenset(present | _with_values(transactions, requested, until))


def _with_values(
    transactions: Transactions, columns: Mapping[str, str], until: int | None
) -> set[str]:
    """Return which columns hold values: from the store's notes, else from the lines."""
    store = transactions.coded if isinstance(transactions, StoredTransactions) else None
    found = {n: store.has_values_before(c, until) if store else None for n, c in columns.items()}
    unknown = {name: columns[name] for name in found if found[name] is None}
    if unknown:
        # Where a store can give its lines undecoded, in its chunks.
        batches = [store.batch(n) for n in store.chunk_numbers] if store else [transactions.lines]
        chunks = [replace(transactions, lines=lines) for lines in batches]
        requested = [
            (chunk.lines if until is None else chunk.known_at(until)).select(
                (pl.col(c) if c == _RETURN else pl.col(c).is_not_null()).any().alias(n)
                for n, c in unknown.items()
            )
            for chunk in chunks
        ]
        found |= pl.concat(requested).select(pl.all().any()).collect().row(0, named=True)
    return {name for name, is_present in found.items() if is_present}
