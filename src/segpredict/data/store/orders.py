"""What a store saves in addition to its lines: orders, credit notes and repeats.

Most questions are about orders, and there are several lines to an order. The question
how many different products were bought needs lines, and only those that repeat
a product: the lines of a span less the repeats within it.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict.core.arrays import IntArray
from segpredict.errors import LimitError

DIGEST_KINDS = ("orders", "credits", "repeats")
ORDER_COLUMNS = ("customer_id", "day", "void_day")
SUM_COLUMNS = ("net", "units", "lines", "products", "named")
_LATE = 2**11  # more than the minutes of a day
_BITS = 63  # of a whole number that sorts as three columns would
_OPEN = np.iinfo(np.int32).max  # the void day of what was never voided
DayArray = NDArray[np.int32]


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
        # They are sorted by customer and day; those of one day are by time.
        "orders": orders.sort(
            "customer_id", "day", "minute", nulls_last=False, maintain_order=True
        ).select(*ORDER_COLUMNS, "minute", *SUM_COLUMNS),
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
    late = lines["minute"].fill_null(_LATE).to_numpy()
    first = pl.Series(np.minimum.reduceat(late, at) if at.size else late[:0])  # known minute
    return lines.select("is_return", *ORDER_COLUMNS)[at].with_columns(
        minute=first.set(first == _LATE, None),
        net=_sums(lines["amount"], at),
        units=_sums(lines["quantity"], at),
        lines=np.diff(at, append=lines.height),
        products=_sums(marks["products"], at),
        named=_sums(marks["named"], at),
    )


def _sums(values: pl.Series, at: NDArray[np.intp]) -> NDArray[np.int64]:
    whole = values.fill_null(0).to_numpy()
    return np.add.reduceat(whole, at) if at.size else whole[:0]


def repeat_purchases(lines: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each line with a product that was bought before, sorted by customer.

    `lines`, in any order, bought a product: ``customer_id`` and ``product_id`` as whole numbers,
    ``day`` and ``void_day``. Returned are ``customer_id``, ``day`` of the line, ``before``, the
    day of the line before it with that product, and the cutoffs at which that is so: those in
    ``(since, void_day]``, null where there is no such end.

    Of the lines dated in ``[a, b)``, as many have a product of their own as are no
    repeats with ``before >= a``: distinct products without grouping, in any span.

    A line that a refund voids is skipped from the day after on: what is after it then
    repeats what is before it. So such a line leaves one row more, for later cutoffs,
    and every cutoff sees the chain of those lines that it knows.

    >>> days = pl.DataFrame({"customer_id": [0, 0], "product_id": [5, 5], "day": [1, 9]})
    >>> lines = days.with_columns(void_day=pl.lit(None, pl.Int32), day=pl.col("day").cast(pl.Int32))
    >>> repeat_purchases(lines).select("customer_id", "day", "before").rows()
    [(0, 9, 1)]
    """
    codes = lines["product_id"].to_numpy()
    products = 1 + int(codes.max(initial=0))
    chain, days, void = _sorted(lines, products)
    at = np.flatnonzero(chain[1:] == chain[:-1]) + 1
    before = at - 1
    since = np.full(at.size, -_OPEN, dtype=np.int32)
    found = [_rows(at, before, since, chain, days, void)]
    while at.size and void.size:
        # From the day after the earlier line is void, the line before it takes its place.
        goes_on = (void[before] < _OPEN) & (before > 0)
        goes_on &= chain[before - 1] == chain[before]
        since = np.maximum(since, void[before])[goes_on]
        at, before = at[goes_on], before[goes_on] - 1
        found.append(_rows(at, before, since, chain, days, void))
    whole = pl.concat(found)
    ordered = whole.sort("chain", maintain_order=True) if len(found) > 1 else whole
    customer = pl.Series(ordered["chain"].to_numpy() // products)
    return ordered.select(
        customer.cast(lines.schema["customer_id"]).alias("customer_id"),
        *("day", "before", "since", "void_day"),
    )


def _sorted(lines: pl.DataFrame, products: int) -> tuple[IntArray, DayArray, DayArray]:
    """Return chain, day and void day of lines in order; none void if nothing is."""
    customer = lines["customer_id"].to_numpy().astype(np.int64)
    day = lines["day"].to_numpy()
    no_days = np.zeros(0, dtype=np.int32)
    if not day.size:
        return customer, day, no_days
    first, wide = int(day.min()), int(day.max() - day.min()).bit_length()
    if (int(customer.max()) * products + products).bit_length() + wide > _BITS:
        message = f"{products} products for so many customers do not fit one number."
        fix = "split the shop, or leave the family out with classifier.families."
        raise LimitError(message, fix=fix)
    chain = customer * products + lines["product_id"].to_numpy()
    # One whole number sorts far faster than three columns.
    packed = (chain << wide) | (day - first)
    if lines["void_day"].null_count() == day.size:
        packed.sort()
        days = (packed & ((1 << wide) - 1)).astype(np.int32) + np.int32(first)
        return packed >> wide, days, no_days
    order = np.argsort(packed, kind="stable")
    return (chain[order], day[order], lines["void_day"].fill_null(_OPEN).to_numpy()[order])


def _rows(
    at: NDArray[np.intp],
    before: NDArray[np.intp],
    since: DayArray,
    chain: IntArray,
    days: DayArray,
    void: DayArray,
) -> pl.DataFrame:
    """Return the lines at these places with the lines before them, if both are valid."""
    rows = pl.DataFrame({"chain": chain[at], "day": days[at], "before": days[before]})
    if not void.size:
        never = pl.Series([None], dtype=pl.Int32).new_from_index(0, rows.height)
        return rows.hstack([never.alias("since"), never.alias("void_day")])
    until = np.minimum(void[at], void[before])
    ends = pl.DataFrame({"since": since, "void_day": until})
    both = rows.hstack(ends).filter(pl.col("since") < pl.col("void_day"))
    return both.with_columns(
        pl.when(pl.col("since") > -_OPEN).then("since"),
        pl.when(pl.col("void_day") < _OPEN).then("void_day"),
    )
