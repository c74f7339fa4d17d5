"""Who ordered in one window, and again in the next."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import by_window, rates
from segpredict.metrics._metric import WILSON, Metric


def retention_window(books: Books) -> pl.DataFrame:
    """Return R1 of every pair of neighbouring windows; the days are the later one's.

    Examples
    --------
    Ann ordered in both windows, Bob in the first alone.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 95, 30), ("bob", 10, 10)], end_day=182)
    >>> measure(shop, ["retention_window"]).select("part", "whole", "value").row(0)
    (1, 2, 0.5)
    """
    rows = books.successions.with_columns(hit=pl.col("next_orders") > 0)
    return by_window(books, rates(rows, ["window"]))


PART = Metric(
    name="retention_window",
    order=80,
    title="Retention from window to window (R1)",
    formula="customers with an order in window w + 1 and in w / customers with an "
    "order in w",
    unit="share",
    interval=WILSON,
    meaning="Of a hundred customers who ordered in one window, so many ordered again "
    "in the next.",
    measure=retention_window,
    caution="It depends on the length of the window and on the season of both.",
)
