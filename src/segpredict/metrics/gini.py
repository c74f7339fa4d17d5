"""How unevenly sales are spread among customers."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._concentration import figure, spends
from segpredict.metrics._concentration import gini as index
from segpredict.metrics._figures import table
from segpredict.metrics._metric import Metric


def gini(books: Books) -> pl.DataFrame:
    """Return Gini's index over the look-back.

    Examples
    --------
    (2 − 3) × 10 + (4 − 3) × 30 = 20, over 2 × 40.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([("ann", 0, 10), ("bob", 1, 30)], end_day=91)
    >>> measure(shop, ["gini"])["value"].to_list()
    [0.25]
    """
    spent = spends(books)
    if not spent.sum():
        return table(pl.DataFrame())
    return figure(books, spent, *index(spent))


PART = Metric(
    name="gini",
    order=160,
    title="Gini index of sales",
    formula="Σ (2i − n − 1) xᵢ / (n Σ xᵢ), with x₁ ≤ … ≤ xₙ the revenue of each "
    "customer with an order in the look-back, not below zero",
    unit="index",
    interval="By influences (the linearised spread of customers, closed form), 95 %, "
    "within 0 and 1; none for fewer than 5 customers.",
    meaning="How unevenly sales are spread: 0 if all customers spend alike, towards 1 "
    "if one brings everything.",
    measure=gini,
    caution="With few very large customers its interval is too narrow.",
)
