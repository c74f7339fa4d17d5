"""What the customers of one window spend in the next."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import by_window, ratios
from segpredict.metrics._metric import BOOTSTRAP, Metric


def net_revenue_retention(books: Books) -> pl.DataFrame:
    """Return NRR of every pair of neighbouring windows; the days are the later one's.

    Examples
    --------
    Ann and Bob spent 100 in the first window, and Ann 150 in the next.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 60), ("bob", 1, 40), ("ann", 95, 150)], end_day=182)
    >>> measure(shop, ["net_revenue_retention"])["value"].to_list()
    [1.5]
    """
    rows = books.successions.select("customer", "window", part="next_net", whole="net")
    return by_window(books, ratios(books, rows, ["window"]))


PART = Metric(
    name="net_revenue_retention",
    order=120,
    title="Net revenue retention (R5, NRR)",
    formula="revenue in window w + 1 of the customers with an order in w / their "
    "revenue in w",
    unit="share",
    interval=BOOTSTRAP,
    meaning="Of every 100 that customers spent in one window, the same customers spent "
    "so many in the next. Above 100 % those who stayed and grew made up for those who "
    "left.",
    measure=net_revenue_retention,
    caution="A season moves it; a few large customers can carry it. New customers do "
    "not count.",
)
