"""What a store saves in addition to its lines: orders, credit notes and repeats.

Most questions are about orders, and there are several lines to an order. The question
how many different products were bought needs lines, and only those that repeat
a product: the lines of a span less the repeats within it.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.data.store.repeats import repeat_purchases

DIGEST_KINDS = ("orders", "credits", "repeats")
ORDER_COLUMNS = ("customer_id", "day", "void_day")
SUM_COLUMNS = ("net", "units", "lines", "products", "named")
_LATE = 2**11  # more than the minutes of a day


def digest_lines(
    lines: pl.DataFrame, earlier: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """Return the orders, credit notes and repeats of arranged lines, by kind."""
    runs = _runs(lines)
    back = runs["is_return"]
    orders, credits_ = runs.filter(~back), runs.filter(back)
    named = purchased_products(lines)
    if earlier is None:
        again = repeat_purchases(named)
    else:
        both = repeat_purchases(pl.concat([earlier, named]))
        # What is before these lines is saved elsewhere, customer by customer.
        firsts = lines.group_by("customer_id").agg(first=pl.col("day").min())
        begun = both.join(firsts, on="customer_id", maintain_order="left")
        again = begun.filter(pl.col("day") >= pl.col("first")).drop("first")
    return {
        "orders": _by_minute(orders).select(*ORDER_COLUMNS, "minute", *SUM_COLUMNS),
        "credits": credits_.select(*ORDER_COLUMNS, *SUM_COLUMNS),
        "repeats": again,
    }


def purchased_products(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what `repeat_purchases` needs of coded lines."""
    is_named = pl.col("product_id").is_not_null()
    return lines.filter(~pl.col("is_return") & is_named).select(*ORDER_COLUMNS, "product_id")


def _runs(lines: pl.DataFrame) -> pl.DataFrame:
    """Return one row per order and one per credit note, in the order of lines."""
    at = np.flatnonzero(lines["starts"].to_numpy())
    product = pl.col("product_id")
    changes = pl.col("starts") | product.ne_missing(product.shift())
    named = product.is_not_null()
    marks = lines.select(named=named.cast(pl.Int64), products=(changes & named).cast(pl.Int64))
    return lines.select("is_return", *ORDER_COLUMNS)[at].with_columns(
        minute=_earliest(lines["minute"], at),
        net=_sums(lines["amount"], at),
        units=_sums(lines["quantity"], at),
        lines=np.diff(at, append=lines.height),
        products=_sums(marks["products"], at),
        named=_sums(marks["named"], at),
    )


def _sums(values: pl.Series, at: NDArray[np.intp]) -> NDArray[np.int64]:
    whole = values.fill_null(0).to_numpy()
    return np.add.reduceat(whole, at) if at.size else whole[:0]


def _earliest(minutes: pl.Series, at: NDArray[np.intp]) -> pl.Series:
    """Return the first known minute of each run."""
    late = minutes.fill_null(_LATE).to_numpy()
    found = np.minimum.reduceat(late, at) if at.size else late[:0]
    known = pl.Series("minute", found, dtype=minutes.dtype)
    return known.set(known == _LATE, None)


def _by_minute(orders: pl.DataFrame) -> pl.DataFrame:
    """Sort the orders of one day by time; they are sorted by customer and day."""
    place = ("customer_id", "day")
    return orders.sort(*place, "minute", nulls_last=False, maintain_order=True)
