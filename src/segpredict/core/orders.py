"""What an order is: the one key by which orders are made, counted and compared.

An order is what one customer bought under one order number on one day. The number alone
is not enough: shops reuse numbers, for another customer or in another year. The day
is part of the key, so that cutting orders in time equals cutting their lines: lines of June
under a number of January would be known before they happened.

Among lines with returns, ``is_return`` joins the key: what was returned under a number
is a credit note, not an order. All bought lines of an order have the
same ``void_day``, since only whole orders are voided.
"""

import polars as pl

KEY = ("customer_id", "order_id", "day")


def is_head() -> pl.Expr:
    """Mark the first line of each order, for lines in any sequence.

    >>> lines = pl.DataFrame({
    ...     "customer_id": "a", "order_id": "1", "day": [15005, 15005, 15521],
    ...     "is_return": False,
    ... })
    >>> lines.select(is_head()).to_series().to_list()
    [True, False, True]
    """
    is_first = pl.struct(*KEY, "is_return").is_first_distinct()
    return (~pl.col("is_return") & is_first).alias("is_order_head")


def count_orders(lines: pl.DataFrame) -> int:
    """Return the number of orders and credit notes that lines belong to.

    A line without customer or day belongs to an order of its number, if there is one;
    a line without a number to none.

    >>> count_orders(pl.DataFrame({
    ...     "customer_id": ["a", "a", None], "order_id": ["1", "1", "1"],
    ...     "day": [15005, 15521, 15521],
    ... }))
    2
    """
    known, numbers = part_orders(lines)
    return known.height + len(numbers.filter(~numbers.is_in(known["order_id"].implode())))


def part_orders(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return the keys of orders, and the numbers of lines without customer or day."""
    orders = lines.select(KEY).unique()
    known = orders.drop_nulls()
    if known.height == orders.height:
        return known, known["order_id"].clear()
    loose = orders.filter(pl.col("customer_id").is_null() | pl.col("day").is_null())
    return known, loose["order_id"].drop_nulls().unique()
