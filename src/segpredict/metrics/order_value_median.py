"""What the order in the middle is worth."""

import numpy as np
import polars as pl

from segpredict.core.intervals import Z
from segpredict.metrics._books import Books
from segpredict.metrics._figures import MIN_CUSTOMERS_FOR_SPREAD, by_window
from segpredict.metrics._metric import Metric
from segpredict.tables import MONEY


def order_value_median(books: Books) -> pl.DataFrame:
    """Return the median value of an order, window by window.

    Examples
    --------
    >>> from segpredict.metrics import Books, measure
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("bob", 1, 100)]
    >>> measure(Books.of(rows, end_day=91), ["order_value_median"])["value"].to_list()
    [30.0]
    """
    windows = (books.end_day - 1 - pl.col("day")).floordiv(books.horizon)
    orders = (
        books.orders.with_columns(window=windows.cast(pl.Int32))
        .filter(pl.col("window") < books.windows)
        .sort("window", "customer", "amount")
    )
    rows = [
        {"window": window, **_middle(theirs)}
        for (window,), theirs in orders.group_by("window", maintain_order=True)
    ]
    schema = {"window": pl.Int32, "n": pl.Int64}
    floats = dict.fromkeys(("value", "low", "high"), pl.Float64)
    return by_window(books, pl.DataFrame(rows, {**schema, **floats}))


def _middle(orders: pl.DataFrame) -> dict[str, float | None]:
    """Return the median of orders, with the interval of Woodruff."""
    amount = orders["amount"].to_numpy()
    middle = float(np.median(amount))
    theirs = orders.group_by("customer", maintain_order=True).agg(
        below=(pl.col("amount") <= middle).sum().cast(pl.Int64), size=pl.len()
    )
    n, below = theirs.height, theirs["below"].to_numpy()
    told = {"n": n, "value": middle / MONEY, "low": None, "high": None}
    if n < MIN_CUSTOMERS_FOR_SPREAD:
        return told
    share = below.sum() / amount.size
    spread = ((below - share * theirs["size"].to_numpy()) ** 2).sum() * n / (n - 1)
    error = Z * float(np.sqrt(spread)) / amount.size
    ends = np.quantile(amount, [max(0.0, 0.5 - error), min(1.0, 0.5 + error)])
    return told | {"low": float(ends[0]) / MONEY, "high": float(ends[1]) / MONEY}


PART = Metric(
    name="order_value_median",
    order=50,
    title="Median order value",
    formula="the value that half of the orders do not exceed; before returns, orders "
    "that were sent back whole left out",
    unit="currency",
    interval="Woodruff's for a median: the 95 % interval of the share of orders up to "
    "it, with customers as clusters, turned back into values; none for fewer than 5 "
    "customers.",
    meaning="What a usual order is worth.",
    measure=order_value_median,
    caution="Times the number of orders it is not the revenue; the mean is.",
)
