"""From lines to orders, for all windows at once: read from a store or grouped here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.core.arrays import IndexArray
from segpredict.core.orders import KEY
from segpredict.core.transactions import Transactions
from segpredict.data.store import StoreBatch, StoredTransactions, repeat_purchases
from segpredict.features.engine.batches import required_batches
from segpredict.features.engine.measures import LOG_SCALE, RowKind
from segpredict.features.engine.runs import (
    CustomerRows,
    RepeatPurchases,
    cumulative_sum,
    run_offsets,
)

_IN_TIME = ("customer_id", "is_return", "day", "minute", "order_id", "void_day")
ROWS_PER_BLOCK = 1 << 15  # customers
RowColumns = Mapping[RowKind, Mapping[str, pl.Expr]]
RequestedColumns = Mapping[RowKind, Collection[str]]
Lines = pl.DataFrame | pl.LazyFrame
_REPEAT_DAYS = dict.fromkeys(("day", "before", "since", "void_day"), pl.Int32)
NO_REPEATS = pl.DataFrame(schema={"customer": pl.UInt32, **_REPEAT_DAYS})


@dataclass(frozen=True, slots=True)
class OrderTable:
    """A shop's orders and credit notes."""

    # one row per order: ``customer`` (a number), ``day``, ``void_day``, ``minute`` and, as far as
    # they were requested, ``net`` (money), ``units``, ``lines``, ``products`` (different ones) and
    # ``named`` (lines with a product); sorted by customer and time
    orders: pl.DataFrame
    credits: pl.DataFrame  # one row per credit note with the same columns but ``minute``
    repeats: pl.DataFrame  # `store.repeat_purchases`, where they are requested
    ids: pl.Series | None  # the ids of customers, by number; ``None`` where the number is the id

    def customer_ids(self, customers: pl.Series) -> pl.Series:
        """Return the ids of customers."""
        if self.ids is None:
            return customers.alias("customer_id")
        # All of them, in their order, or some.
        is_all = len(customers) == len(self.ids)
        return (self.ids if is_all else self.ids[customers]).alias("customer_id")

    @property
    def customers(self) -> pl.DataFrame:
        """``customer_id`` and ``customer`` of everyone with an order or a credit note."""
        if self.ids is None:
            number = pl.concat([self.orders["customer"], self.credits["customer"]]).unique()
            return pl.DataFrame([number.alias("customer_id"), number])
        number = pl.Series("customer", np.arange(len(self.ids), dtype=np.uint32))
        return pl.DataFrame([self.ids.alias("customer_id"), number])

    def customer_blocks(self) -> list["OrderTable"]:
        """Return blocks of customers that fit into a processor's cache."""
        code = self.orders["customer"].to_numpy()
        first, last = (int(code[0]), int(code[-1])) if code.size else (0, 0)
        if last - first < ROWS_PER_BLOCK:
            return [self]
        starts = range(first, last + 1, ROWS_PER_BLOCK)
        inside = [pl.col("customer").is_between(at, at + ROWS_PER_BLOCK, "left") for at in starts]
        return [replace(self._where(own), repeats=self.repeats.filter(own)) for own in inside]

    def known_at(self, cutoff: int) -> "OrderTable":
        """Return what is not voided by then; see `Transactions.known_at`."""
        return self._where(pl.col("void_day").is_null() | (pl.col("void_day") >= cutoff))

    def _where(self, holds: pl.Expr) -> "OrderTable":
        return replace(self, orders=self.orders.filter(holds), credits=self.credits.filter(holds))

    def split_voided(self) -> tuple["OrderTable", "OrderTable | None"]:
        """Return the customers without any voided row, and the others."""
        frames = (self.orders, self.credits)
        if all(f["void_day"].null_count() == f.height for f in frames):
            return self, None
        void = pl.col("void_day").is_not_null()
        affected = pl.concat(f.filter(void)["customer"] for f in frames).unique().implode()
        is_affected = pl.col("customer").is_in(affected)
        return self._where(~is_affected), self._where(is_affected)


def collapse_lines(
    transactions: Transactions, lines: Lines, in_time: pl.Expr, requested: RequestedColumns
) -> OrderTable:
    """Return the orders and credit notes that lines of some time are part of, or more.

    ``day`` is part of `core.orders.KEY`, and ``void_day`` splits credit notes further. So cutting
    orders in time equals cutting their lines, and one table serves all cutoffs.
    """
    if isinstance(transactions, StoreBatch):
        kinds: list[RowKind] = ["orders", "credits", *(k for k in requested if k == "repeats")]
        columns = {kind: {"day", "void_day", *requested.get(kind, ())} for kind in kinds}
        stored = {
            kind: transactions.rows(kind, names).rename({"customer_id": "customer"})
            for kind, names in columns.items()
        }
        return OrderTable(**{"repeats": NO_REPEATS, **stored}, ids=None)
    made = transactions.orders
    if made is not None and made[0] is transactions.lines:
        rows = made[1].filter(in_time)
    else:
        rows = _grouped(lines, {*requested.get("orders", ()), *requested.get("credits", ())})
    rows = rows.with_columns(customer=pl.col("customer_id").rle_id())  # they are sorted
    back = rows["is_return"]
    code = rows["customer"].to_numpy()
    ids = rows["customer_id"][np.flatnonzero(np.diff(code, prepend=code[:1] + 1))]
    again = _repeats(lines, number_of(ids)) if "repeats" in requested else NO_REPEATS
    notes = rows.filter(back) if back.any() else rows.clear()
    return OrderTable(rows if notes.is_empty() else rows.filter(~back), notes, again, ids)


def with_orders(transactions: Transactions) -> Transactions:
    """Return a shop in memory with its orders, which all later features are measured on."""
    is_stored = isinstance(transactions, StoredTransactions)
    if is_stored or required_batches(transactions.lines) > 1:
        return transactions
    made = _grouped(transactions.lines, ("net", "units", "lines", "products", "named"))
    return replace(transactions, orders=(transactions.lines, made))


def number_of(ids: pl.Series) -> pl.Expr:
    """Return the number of a line's customer, whatever the order of lines."""
    numbers = np.arange(len(ids), dtype=np.uint32)
    return pl.col("customer_id").replace_strict(ids, numbers, return_dtype=pl.UInt32)


def _repeats(lines: Lines, number: pl.Expr) -> pl.DataFrame:
    product = pl.col("product_id")
    named = (
        lines.with_columns(customer_id=number)
        .filter(~pl.col("is_return") & product.is_not_null())
        # Codes depend on the order of rows; the result depends on equality alone.
        .select("day", "void_day", product.cast(pl.Categorical).to_physical(), "customer_id")
        .lazy()
        .collect()
    )
    return repeat_purchases(named).rename({"customer_id": "customer"})


def _grouped(lines: Lines, requested: Collection[str]) -> pl.DataFrame:
    product = pl.col("product_id")
    aggregations = {
        "net": pl.col("amount").sum(),
        "units": pl.col("quantity").sum(),
        "lines": pl.len().cast(pl.Int64),
        # n_unique counts null as a value of its own.
        "products": product.n_unique().cast(pl.Int64) - product.is_null().any(),
        "named": product.count().cast(pl.Int64),
    }
    # Counting distinct products is the slowest, and few measures need it.
    wanted = {name: measure for name, measure in aggregations.items() if name in requested}
    return (
        lines.group_by(*KEY, "is_return", "void_day")
        .agg(pl.col("minute").min(), **wanted)
        .sort(_IN_TIME)
        .lazy()
        .collect()
    )


@dataclass(frozen=True, slots=True)
class CustomerRuns:
    """Customers with an order, and their rows."""

    customer: pl.Series  # their numbers, rising
    runs: Mapping[RowKind, CustomerRows]  # by kind of rows
    repeats: RepeatPurchases


def customer_runs(
    shop: OrderTable, columns: RowColumns, days: Mapping[RowKind, Collection[int]]
) -> CustomerRuns:
    """Lay out orders, purchase days and credit notes as runs of the same customers."""
    rows = shop.orders
    code = rows["customer"].to_numpy()
    is_new = np.ones(code.size, dtype=bool)
    np.not_equal(code[1:], code[:-1], out=is_new[1:])
    starts = np.flatnonzero(is_new)
    customer = rows["customer"].gather(starts)
    lengths = np.diff(starts, append=code.size)
    places = run_offsets(rows["day"].to_numpy(), starts, lengths, {*days["orders"], *days["days"]})
    orders = CustomerRows(rows, places, int(lengths.max(initial=0)), columns["orders"])
    notes, starts, lengths = _rows_of(shop.credits, customer)
    again, _, number = _rows_of(shop.repeats, customer)
    of_notes = run_offsets(notes["day"].to_numpy(), starts, lengths, days["credits"])
    longest = int(lengths.max(initial=0))
    return CustomerRuns(
        customer,
        {
            "orders": orders,
            "days": _days(orders, is_new, columns["days"], days["days"]),
            "credits": CustomerRows(notes, of_notes, longest, columns["credits"]),
        },
        RepeatPurchases(again, number),
    )


def _rows_of(
    rows: pl.DataFrame, customer: pl.Series
) -> tuple[pl.DataFrame, IndexArray, IndexArray]:
    """Return the customers' rows, where each customer's start and how many there are."""
    known, code = customer.to_numpy(), rows["customer"].to_numpy()
    if not known.size or not code.size:
        nothing = np.zeros(known.size, dtype=np.intp)
        return rows.clear(), nothing, nothing
    # A lookup table over all numbers avoids a search.
    low = int(known[0])
    place = np.full(int(known[-1]) - low + 2, known.size, dtype=np.intp)
    place[known - low] = np.arange(known.size)
    owner = place[np.clip(code.astype(np.int64) - low, -1, place.size - 1)]
    if owner.max() == known.size:
        rows, owner = rows.filter(owner < known.size), owner[owner < known.size]
    lengths = np.bincount(owner, minlength=known.size)
    return rows, np.cumsum(lengths) - lengths, lengths


def _days(
    orders: CustomerRows,
    is_new: NDArray[np.bool_],
    columns: Mapping[str, pl.Expr],
    requested: Collection[int],
) -> CustomerRows:
    """Return the runs of purchase days, with the ``gap`` before each and its ``gap_log``.

    The gap of a customer's first day is zero. Logarithms are whole numbers of 10⁻⁹.
    """
    steps = np.diff(orders.day, prepend=orders.day[:1])
    is_day = is_new | (steps != 0)

    def gap() -> NDArray[np.int64]:
        between: NDArray[np.int64] = np.where(is_new, 0, steps)[is_day].astype(np.int64)
        return between

    def gap_log() -> NDArray[np.int64]:
        # Few gaps differ, so a table of logarithms is shorter than the rows.
        values = gap()
        logs = pl.int_range(1, max(2, int(values.max(initial=0)) + 1), eager=True).log()
        whole = (logs * LOG_SCALE).round().cast(pl.Int64).to_numpy()
        return np.append(0, whole)[values]

    computed = {"day": lambda: orders.day[is_day], "gap": gap, "gap_log": gap_log}
    days_before = cumulative_sum(is_day.view(np.int8))
    places = {day: days_before[orders.places[day]] for day in requested}
    return CustomerRows(pl.DataFrame(), places, orders.longest, columns, computed)
