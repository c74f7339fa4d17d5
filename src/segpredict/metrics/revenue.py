"""What the shop took."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import by_window
from segpredict.metrics._metric import COUNTED, Metric
from segpredict.tables import MONEY


def revenue(books: Books) -> pl.DataFrame:
    """Return the revenue of every whole window, the newest first.

    Examples
    --------
    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 7, -5), ("bob", 1, 10)], end_day=91)
    >>> measure(shop, ["revenue"]).select("n", "part", "value").row(0)
    (2, 250000, 25.0)
    """
    found = books.activity.group_by("window").agg(
        n=pl.len(), part=pl.col("net").sum(), value=pl.col("net").sum() / MONEY
    )
    return by_window(books, found)


PART = Metric(
    name="revenue",
    order=10,
    title="Revenue",
    formula="Σ value of the orders − Σ value of the returns, of the days of the window",
    unit="currency",
    interval=COUNTED,
    meaning="What customers paid for what they kept.",
    measure=revenue,
    caution="Of customers who are known: sales without a customer are not in it. A "
    "return counts on the day it comes back; an order that was sent back whole does "
    "not count.",
)
