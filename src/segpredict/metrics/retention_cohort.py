"""Who of a cohort orders in the m-th month."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._cohorts import bounded, retained
from segpredict.metrics._metric import WILSON, Metric


def retention_cohort(books: Books) -> pl.DataFrame:
    """Return R2 of every cohort and age, and over all cohorts but the first.

    Examples
    --------
    Ann and Bob were won in January; of the two, Ann ordered in February.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 20), ("ann", 40, 30), ("bob", 10, 10)], end_day=59)
    >>> found = measure(shop, ["retention_cohort"])
    >>> found.select("scope", "age", "value").rows()[:2]
    [('1970-01', 0, 1.0), ('1970-01', 1, 0.5)]
    """
    return retained(books, bounded(books))


PART = Metric(
    name="retention_cohort",
    order=90,
    title="Retention of a cohort (R2, bounded)",
    formula="customers of the cohort with an order in month m / customers of the "
    "cohort; m counts from the month of the first order, which is month 0",
    unit="share",
    interval=WILSON,
    meaning="Of a hundred customers won in one month, so many order in the m-th month "
    "after it.",
    measure=retention_cohort,
    caution="Who skips a month and comes back counts as gone in between. Months that "
    "are not over are blank. The first cohort holds everybody who bought before the "
    "data began.",
)
