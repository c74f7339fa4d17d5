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
    beside = transactions.side_tables
    products = beside.products
    tables = {
        "categories": products is not None and "category" in products.columns,
        "prices": beside.prices is not None,
        "customers": beside.customers is not None,
        "events": beside.events is not None,
        "contacts": beside.contacts is not None,
    }
    named = transactions.lines.collect_schema().names()
    asked = {n: column for n, column in _COLUMNS.items() if column in named}
    return frozenset(
        name
        for name, is_there in {**tables, **_held(transactions, asked, until)}.items()
        if is_there
    )


def _held(
    transactions: Transactions, columns: Mapping[str, str], until: int | None
) -> dict[str, bool]:
    """Return which columns hold something: a store knows, other lines are asked."""
    shelf = transactions.coded if isinstance(transactions, StoredTransactions) else None
    found = {n: shelf.has_values_before(c, until) if shelf else None for n, c in columns.items()}
    unknown = {name: columns[name] for name in found if found[name] is None}
    if unknown:
        asked = [
            (piece.lines if until is None else piece.known_at(until)).select(
                (pl.col(c) if c == _RETURN else pl.col(c).is_not_null()).any().alias(n)
                for n, c in unknown.items()
            )
            for piece in _pieces(transactions)
        ]
        row = pl.concat(asked).select(pl.all().any()).collect().row(0, named=True)
        found |= row
    return {name: bool(is_there) for name, is_there in found.items()}


def _pieces(transactions: Transactions) -> list[Transactions]:
    """Return the shop, piece by piece where a store can give its lines undecoded."""
    shelf = transactions.coded if isinstance(transactions, StoredTransactions) else None
    if shelf is None:
        return [transactions]
    return [replace(transactions, lines=shelf.batch(n)) for n in shelf.chunk_numbers]
