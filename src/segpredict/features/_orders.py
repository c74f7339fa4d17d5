"""Lines of a store to orders: one walk over runs instead of a search for groups."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.errors import LimitError

_MINUTES, _DAYS = 2**11, 2**17  # more than there are in a day, and days to 2199


def is_arranged(lines: pl.LazyFrame) -> bool:
    """Return whether lines say where each order starts."""
    return "starts" in lines.collect_schema()


def walk(lines: pl.LazyFrame, first: int, end: int) -> pl.DataFrame:
    """Return one row per order and one per credit note, as `_plan.collapse` does.

    Parameters
    ----------
    lines
        Arranged lines (`store`), customers and orders as numbers.
    first, end
        The days, half-open.
    """
    rows = (
        lines.select(
            *("customer_id", "is_return", "day", "void_day", "minute", "starts"),
            *("order_id", "product_id", "amount", "quantity"),
        )
        .filter(pl.col("day").is_between(first, end, closed="left"))
        .with_columns(product=pl.col("product_id").to_physical())
        .collect(engine="in-memory")
    )
    at = np.flatnonzero(rows["starts"].to_numpy())
    if not at.size:
        at = np.zeros(0, dtype=np.int64)
    heads = rows.select("customer_id", "is_return", "day", "void_day", "order_id")[at]
    changes = pl.col("starts") | pl.col("product").ne_missing(pl.col("product").shift())
    is_new = changes & pl.col("product").is_not_null()
    orders = heads.with_columns(
        minute=_earliest(rows["minute"], at),
        net=_sums(rows["amount"], at),
        units=_sums(rows["quantity"], at),
        lines=np.diff(at, append=rows.height),
        products=_sums(rows.select(is_new.cast(pl.Int64)).to_series(), at),
    )
    return _in_order(orders).with_columns(customer=pl.col("customer_id").rle_id())


def _sums(values: pl.Series, at: NDArray[np.int64]) -> NDArray[np.int64]:
    whole = values.fill_null(0).to_numpy()
    return np.add.reduceat(whole, at) if at.size else whole[:0]


def _earliest(minutes: pl.Series, at: NDArray[np.int64]) -> pl.Series:
    """Return the first known minute of each run."""
    late = minutes.fill_null(_MINUTES).to_numpy()
    found = np.minimum.reduceat(late, at) if at.size else late[:0]
    known = pl.Series("minute", found, dtype=minutes.dtype)
    return known.set(known == _MINUTES, None)


def _in_order(orders: pl.DataFrame) -> pl.DataFrame:
    """Sort orders before credit notes and by time; they stand by customer and day."""
    if orders.is_empty():
        return orders
    day = pl.col("day").cast(pl.Int64)
    kind = pl.col("customer_id").cast(pl.Int64) * 2 + pl.col("is_return").cast(pl.Int64)
    minute = pl.col("minute").cast(pl.Int64).fill_null(-1) + 1
    packed = (kind * _DAYS + day - day.min()) * _MINUTES + minute
    keys = orders.select(packed.alias("key"), (day.max() - day.min()).alias("span"))
    if keys["span"][0] >= _DAYS:
        raise LimitError(
            "The lines span more than 350 years.", fix="correct their dates."
        )
    if keys["key"].is_sorted():
        return orders
    return orders[np.argsort(keys["key"].to_numpy(), kind="stable")]
