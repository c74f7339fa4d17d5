"""What an order is worth on average."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import by_window, ratios
from segpredict.metrics._metric import BOOTSTRAP, Metric
from segpredict.tables import MONEY


def order_value(books: Books) -> pl.DataFrame:
    """Return the mean value of an order, window by window.

    Examples
    --------
    >>> from segpredict.metrics import Books, measure
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("ann", 8, -5), ("bob", 1, 100)]
    >>> found = measure(Books.of(rows, end_day=91), ["order_value"])
    >>> found.select("part", "whole", "value").row(0)
    (1500000, 3, 50.0)
    """
    rows = books.activity.filter(pl.col("orders") > 0).select(
        "customer", "window", part="gross", whole="orders"
    )
    return by_window(books, ratios(books, rows, ["window"], MONEY))


PART = Metric(
    name="order_value",
    order=40,
    title="Average order value (AOV)",
    formula="Σ value of the orders / orders; before returns, orders that were sent "
    "back whole left out",
    unit="currency",
    interval=BOOTSTRAP,
    meaning="What an order is worth on average.",
    measure=order_value,
    caution="A few very large orders pull it up; the median tells of the usual order.",
)
