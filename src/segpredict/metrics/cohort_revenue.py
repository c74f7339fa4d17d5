"""What a customer of a cohort brings in each month after the first order."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._cohorts import revenue
from segpredict.metrics._metric import BOOTSTRAP, Metric


def cohort_revenue(books: Books) -> pl.DataFrame:
    """Return revenue a customer by cohort and age, and over all cohorts but the first.

    Examples
    --------
    Of January's two customers one spent 30 in February: 15 each.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 40, 30), ("bob", 10, 10)], end_day=59)
    >>> found = measure(shop, ["cohort_revenue"])
    >>> found.select("scope", "age", "value").rows()[:2]
    [('1970-01', 0, 15.0), ('1970-01', 1, 15.0)]
    """
    return revenue(books, cumulative=False)


PART = Metric(
    name="cohort_revenue",
    order=180,
    title="Revenue a customer, by cohort",
    formula="revenue in month m of the cohort / customers of the cohort, also of those "
    "who did not order",
    unit="currency",
    interval=BOOTSTRAP,
    meaning="What a customer won in one month brings on average in the m-th month "
    "after it.",
    measure=cohort_revenue,
    caution="Months that are not over are blank.",
)
