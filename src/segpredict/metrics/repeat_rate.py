"""Who comes back after the first order."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import rates, table
from segpredict.metrics._metric import WILSON, Metric

SPANS = (28, 91, 182, 364)  # days


def repeat_rate(books: Books) -> pl.DataFrame:
    """Return the repeat rate within 28, 91, 182 and 364 days, one row each.

    Customers who have not been followed for D days count neither way.

    Examples
    --------
    Ann came back after a week; Bob did not; Cid's first order is too new to tell.

    >>> from segpredict.metrics import Books, measure
    >>> rows = [("ann", 0, 20), ("ann", 7, 30), ("bob", 1, 10), ("cid", 80, 10)]
    >>> found = measure(Books.of(rows, end_day=91), ["repeat_rate"])
    >>> found.select("scope", "part", "whole", "value").row(0)
    ('28 days', 1, 2, 0.5)
    """
    known = books.orders.join(books.customers, on="customer")
    return pl.concat([_within(books, known, days) for days in SPANS])


def _within(books: Books, known: pl.DataFrame, days: int) -> pl.DataFrame:
    followed = known.filter(pl.col("first") + days <= books.end_day)
    since = pl.col("day") - pl.col("first")
    rows = followed.group_by("customer").agg(hit=(since < days).sum() > 1)
    return table(
        rates(rows).with_columns(
            scope=pl.lit(f"{days} days"), start=books.first_day, end=books.end_day
        )
    )


PART = Metric(
    name="repeat_rate",
    order=140,
    title="Repeat rate",
    formula="customers with a second order less than D days after the first / "
    "customers whose first order was at least D days before the end of the data",
    unit="share",
    interval=WILSON,
    meaning="Of a hundred new customers, so many order a second time within D days.",
    measure=repeat_rate,
    caution="Customers who bought before the data began are taken for new at their "
    "first order in the data, which raises it. Two orders on one day are two orders.",
)
