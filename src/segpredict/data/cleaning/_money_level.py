"""Whose money a column holds, the order's or the line's: told by its values.

In orders of several products money of the order is the same on every line, far more often than
chance would have it.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from operator import add
from typing import Literal

import polars as pl

from segpredict.core.orders import KEY

ORDER_LEVEL_SHARE = 0.98  # share of orders of several products with one amount on all lines
MAX_CHANCE = 1e-3  # probability that lines of orders are equal by chance
UNCLEAR_SHARE = 0.6  # share of such orders from which a person has to say
FEW_PRICES = 0.1  # probability that two lines are equal by chance from which a person has to say
ONE_PRICE = 0.5  # the same from which a shop has one price


@dataclass(frozen=True, slots=True)
class AlikeOrders:
    """Orders of several lines of which any has money: whether their lines have the same."""

    orders: int = 0
    once: int = 0  # with money on one line
    same: int = 0  # with the same money on all lines
    repeats: int = 0  # lines of these, less one an order

    @classmethod
    def of(cls, orders: pl.DataFrame) -> "AlikeOrders":
        """Count orders."""
        same = orders.filter(pl.col("filled") == pl.col("n"), values=1)
        once, repeats = orders.filter(filled=1).height, int((same["n"] - 1).sum())
        return cls(orders.height, once, same.height, repeats)

    def __add__(self, other: "AlikeOrders") -> "AlikeOrders":
        return AlikeOrders(*map(add, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class MoneyCounts:
    """What the lines of a shard say of whose money a column holds, the order's or the line's."""

    is_numbered: bool  # whether any order has a number
    is_named: bool  # whether any line names its product
    is_filled: bool  # whether all lines have money
    every: AlikeOrders
    mixed: AlikeOrders  # of several products
    values: pl.DataFrame  # ``value`` and how many lines have it
    once: int  # money, once per order
    added: int  # money of all lines

    @classmethod
    def of(cls, lines: pl.DataFrame, column: str) -> "MoneyCounts":
        """Count lines."""
        is_numbered, key = bool(lines["is_numbered"].any()), tuple[str, ...](KEY)
        ordered = lines
        if not is_numbered and "minute" in lines.columns:
            # Without numbers of orders, lines of one customer at one minute are one order.
            ordered = lines.with_columns(is_numbered=pl.col("minute").is_not_null())
            key = (*KEY, "minute")
        orders = (
            ordered.filter(pl.col("is_numbered"))
            .group_by(key)
            .agg(
                n=pl.len(),
                items=pl.col("item").n_unique(),
                filled=pl.col(column).count(),
                values=pl.col(column).drop_nulls().n_unique(),
            )
        )
        several = orders.filter((pl.col("n") > 1) & (pl.col("filled") > 0))
        money = lines[column]
        return cls(
            is_numbered,
            is_named=lines["item"].null_count() < lines.height,
            is_filled=money.null_count() == 0,
            every=AlikeOrders.of(several),
            mixed=AlikeOrders.of(several.filter(pl.col("items") > 1)),
            values=lines.select(value=column).drop_nulls().group_by("value").agg(count=pl.len()),
            once=int(lines.group_by(KEY).agg(pl.col(column).max())[column].sum()),
            added=int(money.sum()),
        )


@dataclass(frozen=True, slots=True)
class MoneyLevel:
    """Whose money a column holds, and what it adds up to."""

    level: Literal["order", "line", "unclear"]
    is_numbered: bool
    is_filled: bool
    once: int
    added: int

    @classmethod
    def of(cls, told: Sequence[MoneyCounts]) -> "MoneyLevel":
        """Return what all shards together say."""
        is_numbered = any(each.is_numbered for each in told)
        # Where orders have numbers, lines without one are no order.
        counted = [each for each in told if each.is_numbered is is_numbered]
        is_named = any(each.is_named for each in told)
        # Several pieces of one product, one a row, cost the same without being a total.
        kinds = (each.mixed if is_named else each.every for each in counted)
        orders = sum(kinds, start=AlikeOrders())
        values = pl.concat(each.values for each in told)
        counts = values.group_by("value").agg(pl.col("count").sum()).sort("value")["count"]
        return cls(
            _level(orders, counts, is_named=is_named),
            is_numbered,
            is_filled=all(each.is_filled for each in told),
            once=sum(each.once for each in told),
            added=sum(each.added for each in told),
        )


def _level(
    orders: AlikeOrders, counts: pl.Series, *, is_named: bool
) -> Literal["order", "line", "unclear"]:
    """Return whether a column of money holds the total of the order or the money of the line."""
    if not orders.orders:
        return "line"
    if orders.once >= ORDER_LEVEL_SHARE * orders.orders:
        return "order"
    share = (orders.once + orders.same) / orders.orders
    alike = float(((counts / counts.sum()) ** 2).sum())  # two lines are equal by chance
    doubt = float(orders.repeats) * math.log(max(alike, 1e-12))
    if share < UNCLEAR_SHARE or doubt > math.log(MAX_CHANCE) or alike > ONE_PRICE:
        return "line"
    is_sure = share >= ORDER_LEVEL_SHARE and alike <= FEW_PRICES and is_named
    return "order" if is_sure else "unclear"
