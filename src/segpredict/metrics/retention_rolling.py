"""Who of a cohort orders in the m-th month or at any time later."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._cohorts import retained, rolling
from segpredict.metrics._metric import WILSON, Metric


def retention_rolling(books: Books) -> pl.DataFrame:
    """Return R3 of every cohort and age, and over all cohorts but the first.

    Examples
    --------
    Ann skips February and comes back in March, so in February she is not yet lost.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 70, 30), ("bob", 10, 10)], end_day=90)
    >>> found = measure(shop, ["retention_rolling"])
    >>> found.select("scope", "age", "value").rows()[1]
    ('1970-01', 1, 0.5)
    """
    return retained(books, rolling(books))


PART = Metric(
    name="retention_rolling",
    order=100,
    title="Rolling retention of a cohort (R3, unbounded)",
    formula="customers of the cohort with an order in month m or later / customers of "
    "the cohort",
    unit="share",
    interval=WILSON,
    meaning="Of a hundred customers won in one month, so many were still to order in "
    "the m-th month after it or at any time later.",
    measure=retention_rolling,
    caution="It can only see what the data hold: the nearer month m is to their end, "
    "the fewer of those who will come back have done so. Compare cohorts of like age "
    "only.",
)
