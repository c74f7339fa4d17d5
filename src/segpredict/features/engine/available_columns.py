"""What a shop offers beyond orders: the columns and tables that families may need."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from segpredict.core.transactions import Transactions
from segpredict.data.store import StoredTransactions

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
        requested = [
            (chunk.lines if until is None else chunk.known_at(until)).select(
                (pl.col(c) if c == _RETURN else pl.col(c).is_not_null()).any().alias(n)
                for n, c in unknown.items()
            )
            for chunk in _chunks(transactions)
        ]
        found |= pl.concat(requested).select(pl.all().any()).collect().row(0, named=True)
    return {name for name, is_present in found.items() if is_present}


def _chunks(transactions: Transactions) -> list[Transactions]:
    """Return the shop in chunks where a store can give its lines undecoded."""
    store = transactions.coded if isinstance(transactions, StoredTransactions) else None
    if store is None:
        return [transactions]
    return [replace(transactions, lines=store.batch(n)) for n in store.chunk_numbers]
