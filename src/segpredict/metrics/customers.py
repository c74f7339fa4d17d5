"""How many customers ordered."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import by_window
from segpredict.metrics._metric import COUNTED, Metric


def customers(books: Books) -> pl.DataFrame:
    """Return the number of customers with an order in every whole window.

    Examples
    --------
    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 7, 5), ("bob", 1, 10)], end_day=91)
    >>> measure(shop, ["customers"])["value"].to_list()
    [2.0]
    """
    found = (
        books.activity.filter(pl.col("orders") > 0).group_by("window").agg(n=pl.len())
    )
    return by_window(books, found.with_columns(part="n", value="n"))


PART = Metric(
    name="customers",
    order=30,
    title="Customers who ordered",
    formula="different customers with an order in the window",
    unit="customers",
    interval=COUNTED,
    meaning="How many people bought.",
    measure=customers,
    caution="Windows cannot be added up: who orders in two is one customer.",
)
