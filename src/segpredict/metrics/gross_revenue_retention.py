"""The same, with nobody counting for more than before."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import by_window, ratios
from segpredict.metrics._metric import BOOTSTRAP, Metric


def gross_revenue_retention(books: Books) -> pl.DataFrame:
    """Return GRR of every pair of neighbouring windows; the days are the later one's.

    Examples
    --------
    Of Ann's 150 in the next window no more than her 60 before count, and Bob left.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 60), ("bob", 1, 40), ("ann", 95, 150)], end_day=182)
    >>> measure(shop, ["gross_revenue_retention"])["value"].to_list()
    [0.6]
    """
    rows = books.successions.select(
        "customer", "window", part=pl.min_horizontal("next_net", "net"), whole="net"
    )
    return by_window(books, ratios(books, rows, ["window"]))


PART = Metric(
    name="gross_revenue_retention",
    order=130,
    title="Gross revenue retention (R5, GRR)",
    formula="Σ over the customers with an order in window w of the lesser of their "
    "revenue in w + 1 and in w / their revenue in w",
    unit="share",
    interval=BOOTSTRAP,
    meaning="As NRR, but nobody counts for more than before, so growth cannot hide who "
    "left.",
    measure=gross_revenue_retention,
    caution="A season moves it. It is never above NRR.",
)
