"""Order book: every order and credit note once, by customer and day."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from segpredict.core.orders import KEY
from segpredict.core.transactions import MONEY_SCALE, Transactions

MEMBER_SCHEMA = dict.fromkeys(("customer_id", "segment_id"), pl.String)


@dataclass(frozen=True)
class OrderBook:
    """Orders and returns that KPIs are computed from, as known at the end of the data."""

    # one row per order or credit note: ``customer`` (a number), ``day``, ``amount`` (Int64, units
    # of 10⁻⁴), ``discount`` (money off, null where unknown), ``is_return``, ``is_void`` (part of a
    # fully refunded order, or of its refund). Sorted by customer and day.
    entries: pl.DataFrame
    # ``customer`` (0, 1, … in the order of ids), ``customer_id``, ``first`` (day of the first
    # order; null without one) and ``segment_id`` (null where unknown)
    customers: pl.DataFrame
    # the data cover ``[first_day, end_day)`` (day numbers)
    first_day: int
    end_day: int
    horizon: int = 91  # days of a window. Windows are laid back from `end_day`.
    lookback: int = 364  # days before `end_day` over which sales are spread among customers
    # `transitions.observed_matrix` into the newest window, if there are segments
    transitions: pl.DataFrame | None = None
    draws: int = 1000  # bootstrap draws behind each interval
    seed: int = 0  # start of the draws

    @classmethod
    def from_shop(
        cls,
        shop: Transactions,
        horizon: int = 91,
        lookback: int = 364,
        assignments: pl.DataFrame | None = None,
        transitions: pl.DataFrame | None = None,
    ) -> "OrderBook":
        """Return the order book of a shop.

        Orders fully refunded by the end of the data are marked, not counted. `assignments`:
        ``customer_id`` and ``segment_id`` in the newest window.
        """
        rows = shop.by_parts(_entries).sort("customer_id", maintain_order=True)
        days = (shop.first_day, shop.end_day, horizon, lookback)
        return cls(*_numbered(rows, assignments), *days, transitions)

    @classmethod
    def from_orders(
        cls,
        rows: Iterable[tuple[str, int, float]],
        end_day: int,
        horizon: int = 91,
        segments: dict[str, str] | None = None,
    ) -> "OrderBook":
        """Return the order book of orders written by hand, in data that begin on day 0.

        `rows`: customer, day and amount in currency, each an order; a return if negative.
        `segments`: segment ids by customer.

        >>> OrderBook.from_orders([("ann", 0, 20.0), ("ann", 7, -5.0)], end_day=91).entries.height
        2
        """
        columns = {"customer_id": pl.String, "day": pl.Int32, "amount": pl.Float64}
        table = pl.DataFrame(list(rows), columns, orient="row").with_columns(
            pl.col("amount").mul(MONEY_SCALE).round().cast(pl.Int64),
            discount=pl.lit(None, pl.Int64),
            is_return=pl.col("amount") < 0,
            is_void=pl.lit(value=False),
        )
        known = pl.DataFrame(list((segments or {}).items()), MEMBER_SCHEMA, orient="row")
        return cls(*_numbered(table.sort("customer_id", "day"), known), 0, end_day, horizon)

    @property
    def valid_orders(self) -> pl.DataFrame:
        """Orders that were not fully refunded."""
        return self.entries.filter(~pl.col("is_return") & ~pl.col("is_void"))

    @property
    def n_windows(self) -> int:
        """How many whole windows the data cover; window 0 is the newest."""
        return max(0, (self.end_day - self.first_day) // self.horizon)

    @cached_property
    def window_activity(self) -> pl.DataFrame:
        """What each customer did in each whole window.

        ``customer``, ``window``, ``orders``, ``gross`` (their value) and ``net`` (less
        returns in the window), money in units of 10⁻⁴.
        """
        bought = ~pl.col("is_return")
        return (
            self.entries.filter(~pl.col("is_void"))
            .with_columns(window=(self.end_day - 1 - pl.col("day")).floordiv(self.horizon))
            .filter(pl.col("window") < self.n_windows)
            .group_by("customer", "window")
            .agg(
                orders=bought.sum().cast(pl.Int64),
                gross=pl.col("amount").filter(bought).sum(),
                net=pl.col("amount").sum(),
            )
            .sort("customer", "window")
        )

    @cached_property
    def window_pairs(self) -> pl.DataFrame:
        """Who ordered in a window, and what they did in the one after it.

        ``customer``, ``window`` (the later one), ``net`` (in the earlier one),
        ``next_orders`` and ``next_net``.
        """
        later = self.window_activity.select(
            "customer", "window", next_orders="orders", next_net="net"
        )
        return (
            self.window_activity.filter((pl.col("orders") > 0) & (pl.col("window") > 0))
            .select("customer", "net", window=pl.col("window") - 1)
            .join(later, on=["customer", "window"], how="left", maintain_order="left")
            .with_columns(pl.col("next_orders", "next_net").fill_null(0))
        )


def _entries(shop: Transactions) -> pl.DataFrame:
    """Return the orders and credit notes of a shop, sorted."""
    void = (pl.col("void_day") < shop.end_day).fill_null(value=False)
    return (
        shop.lines.filter(pl.col("day") < shop.end_day)
        .with_columns(is_void=void)
        .group_by(*KEY, "is_return", "is_void")
        .agg(
            pl.col("amount").sum(),
            pl.when(pl.col("discount").count() > 0).then(pl.col("discount").sum()),
        )
        .sort("customer_id", "day", "is_return", "is_void", "order_id")
        .drop("order_id")
        .collect()
    )


def _numbered(
    rows: pl.DataFrame, assignments: pl.DataFrame | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return entries, sorted by customer, with numbers for ids; and the customers they name."""
    numbered = rows.with_columns(customer=pl.col("customer_id").rle_id())
    stands = ~pl.col("is_return") & ~pl.col("is_void")
    customers = (
        numbered.group_by("customer", "customer_id")
        .agg(first=pl.col("day").filter(stands).min())
        .sort("customer")
    )
    named = pl.DataFrame(schema=MEMBER_SCHEMA) if assignments is None else assignments
    named = named.select(*MEMBER_SCHEMA)
    known = customers.join(named, on="customer_id", how="left", maintain_order="left")
    columns = ("customer", "day", "amount", "discount", "is_return", "is_void")
    return numbered.select(columns), known
