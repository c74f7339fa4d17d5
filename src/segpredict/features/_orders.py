"""Lines to orders, for all windows at once: read from a store, or made of lines."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.features._measures import Rows
from segpredict.features._runs import Runs, finder, running
from segpredict.store import Share
from segpredict.tables import Transactions

_KEY = ["customer_id", "is_return", "day", "minute", "order_id", "void_day"]
_OWN = ["customer", "day", "void_day"]
Columns = Mapping[Rows, Mapping[str, pl.Expr]]


@dataclass(frozen=True, slots=True)
class Orders:
    """A shop's orders and credit notes.

    Parameters
    ----------
    orders
        One row per order: ``customer`` (a number), ``day``, ``void_day``, ``minute``,
        ``net`` (money), ``units``, ``lines``, ``products`` (different ones) and
        ``named`` (lines with a product); sorted by customer and time.
    credits
        One row per credit note with the same columns but ``minute``.
    ids
        The ids of customers, by number; ``None`` where the number is the id.
    """

    orders: pl.DataFrame
    credits: pl.DataFrame
    ids: pl.Series | None

    def named(self, customers: pl.Series) -> pl.Series:
        """Return the ids of customers."""
        ids = customers if self.ids is None else self.ids.gather(customers)
        return ids.alias("customer_id")

    @property
    def customers(self) -> pl.LazyFrame:
        """``customer_id`` and ``customer`` of everyone with an order."""
        number = self.orders["customer"].unique()
        return pl.LazyFrame([self.named(number), number])

    def known(self, cutoff: int) -> "Orders":
        """Return what is not voided by then; see `Transactions.known`."""
        stands = pl.col("void_day").is_null() | (pl.col("void_day") >= cutoff)
        return self._where(stands)

    def _where(self, holds: pl.Expr) -> "Orders":
        return Orders(self.orders.filter(holds), self.credits.filter(holds), self.ids)

    def split(self) -> tuple["Orders", "Orders | None"]:
        """Return the customers nothing of whom is ever voided, and the others."""
        frames = (self.orders, self.credits)
        if all(f["void_day"].null_count() == f.height for f in frames):
            return self, None
        void = pl.col("void_day").is_not_null()
        whose = pl.concat(f.filter(void)["customer"] for f in frames).unique().implode()
        theirs = pl.col("customer").is_in(whose)
        return self._where(~theirs), self._where(theirs)


def collapse(
    transactions: Transactions, first: int, end: int, columns: Collection[str]
) -> Orders:
    """Return the orders and credit notes dated in ``[first, end)``, or more.

    Parameters
    ----------
    transactions
        A share of a store, or any lines.
    first, end
        The days that are asked for.
    columns
        The columns that are asked for.

    Notes
    -----
    An order is what a customer bought under one order number on one day. As ``day`` and
    ``void_day`` are part of the key, cutting orders in time equals cutting their lines,
    and one table serves all cutoffs.
    """
    if isinstance(transactions, Share):
        wanted = {"day", "void_day", *columns}
        orders = transactions.rows("orders", wanted)
        credits_ = transactions.rows("credits", wanted - {"minute"})
        number = {"customer_id": "customer"}
        return Orders(orders.rename(number), credits_.rename(number), None)
    rows = _grouped(transactions.lines, first, end)
    customer, back = pl.col("customer_id"), rows["is_return"]
    ids = rows["customer_id"].unique().sort()
    numbered = rows.with_columns(customer=customer.rank("dense") - 1)
    in_time = numbered.filter(back).sort("customer", "day", maintain_order=True)
    return Orders(numbered.filter(~back), in_time, ids)


def _grouped(lines: pl.LazyFrame, first: int, end: int) -> pl.DataFrame:
    whole = [name for name in _KEY if name != "minute"]
    product = pl.col("product_id")
    return (
        lines.filter(pl.col("day").is_between(first, end, closed="left"))
        .group_by(whole)
        .agg(
            pl.col("minute").min(),
            net=pl.col("amount").sum(),
            units=pl.col("quantity").sum(),
            lines=pl.len().cast(pl.Int64),
            # n_unique counts null as a value of its own.
            products=product.n_unique().cast(pl.Int64) - product.is_null().any(),
            named=product.count().cast(pl.Int64),
        )
        .sort(_KEY)
        .collect()
    )


@dataclass(frozen=True, slots=True)
class Book:
    """Customers with an order, and their runs.

    Parameters
    ----------
    customer
        Their numbers, rising.
    runs
        By kind of rows.
    """

    customer: pl.Series
    runs: Mapping[Rows, Runs]


def book(shop: Orders, columns: Columns) -> Book:
    """Lay out orders, purchase days and credit notes as runs of the same customers."""
    rows, notes = shop.orders, shop.credits
    owner = rows["customer"].to_numpy()
    is_new = np.ones(owner.size, dtype=bool)
    np.not_equal(owner[1:], owner[:-1], out=is_new[1:])
    starts = np.flatnonzero(is_new)
    ends = np.append(starts, owner.size)[1:]
    find = finder(rows["day"].to_numpy(), starts, ends)
    orders = Runs(rows, find, columns["orders"])
    customer = owner[starts]
    theirs = notes["customer"].to_numpy()
    find = finder(
        notes["day"].to_numpy(),
        np.searchsorted(theirs, customer, side="left"),
        np.searchsorted(theirs, customer, side="right"),
    )
    return Book(
        pl.Series("customer", customer, dtype=rows["customer"].dtype),
        {
            "orders": orders,
            "days": _days(orders, is_new, columns["days"]),
            "credits": Runs(notes, find, columns["credits"]),
        },
    )


def _days(
    orders: Runs, is_new: NDArray[np.bool_], columns: Mapping[str, pl.Expr]
) -> Runs:
    """Return the runs of purchase days: the first order of each and the ``gap`` before.

    The gap of a customer's first day is zero.
    """
    steps = np.diff(orders.day, prepend=orders.day[:1])
    is_day = is_new | (steps != 0)
    gap = np.where(is_new, 0, steps)[is_day].astype(np.int64)
    rows = pl.DataFrame({"day": orders.day[is_day], "gap": gap})
    number = running(is_day.view(np.int8), np.int64)
    return Runs(rows, lambda day: number[orders.at(day)], columns)
