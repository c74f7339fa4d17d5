"""How often those who order do so."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import by_window, ratios
from segpredict.metrics._metric import BOOTSTRAP, Metric


def purchase_frequency(books: Books) -> pl.DataFrame:
    """Return orders a customer who ordered, window by window.

    Examples
    --------
    >>> from segpredict.metrics import Books, measure
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("bob", 1, 100)]
    >>> measure(Books.of(rows, end_day=91), ["purchase_frequency"])["value"].to_list()
    [1.5]
    """
    rows = books.activity.filter(pl.col("orders") > 0).select(
        "customer", "window", part="orders", whole=pl.lit(1, pl.Int64)
    )
    return by_window(books, ratios(books, rows, ["window"]))


PART = Metric(
    name="purchase_frequency",
    order=60,
    title="Purchase frequency",
    formula="orders / customers with an order, in one window",
    unit="orders",
    interval=BOOTSTRAP,
    meaning="How often those who order do so in a window.",
    measure=purchase_frequency,
    caution="It is never below 1, since who does not order is not in it.",
)
