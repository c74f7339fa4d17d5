"""What a customer of a cohort has brought up to some month after the first order."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._cohorts import revenue
from segpredict.metrics._metric import BOOTSTRAP, Metric


def cohort_revenue_cumulative(books: Books) -> pl.DataFrame:
    """Return revenue a customer up to each age, and over all cohorts but the first.

    Examples
    --------
    January's two customers spent 30 in January and 30 more by the end of February.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 40, 30), ("bob", 10, 10)], end_day=59)
    >>> found = measure(shop, ["cohort_revenue_cumulative"])
    >>> found.select("scope", "age", "value").rows()[:2]
    [('1970-01', 0, 15.0), ('1970-01', 1, 30.0)]
    """
    return revenue(books, cumulative=True)


PART = Metric(
    name="cohort_revenue_cumulative",
    order=190,
    title="Revenue a customer to date, by cohort",
    formula="revenue from month 0 to month m of the cohort / customers of the cohort",
    unit="currency",
    interval=BOOTSTRAP,
    meaning="What a customer won in one month has brought by the m-th month after it: "
    "the realised value of a customer, to hold against the cost of winning one.",
    measure=cohort_revenue_cumulative,
    caution="The line over all cohorts is of other customers at each age: only old "
    "cohorts reach the high ones.",
)
