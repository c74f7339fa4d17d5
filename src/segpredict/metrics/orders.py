"""How many orders the shop had."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import by_window
from segpredict.metrics._metric import COUNTED, Metric


def orders(books: Books) -> pl.DataFrame:
    """Return the number of orders in every whole window, the newest first.

    Examples
    --------
    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 7, 5), ("bob", 1, 10)], end_day=91)
    >>> measure(shop, ["orders"]).select("n", "value").row(0)
    (2, 3.0)
    """
    found = (
        books.activity.filter(pl.col("orders") > 0)
        .group_by("window")
        .agg(n=pl.len(), part=pl.col("orders").sum())
    )
    return by_window(books, found.with_columns(value="part"))


PART = Metric(
    name="orders",
    order=20,
    title="Orders",
    formula="orders placed in the window; an order is what one customer bought under "
    "one number on one day",
    unit="orders",
    interval=COUNTED,
    meaning="How often customers bought.",
    measure=orders,
    caution="Orders that were sent back whole by the end of the data do not count.",
)
