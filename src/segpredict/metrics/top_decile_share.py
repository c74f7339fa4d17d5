"""How much of the revenue the best tenth of the customers brings."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._concentration import figure, spends, top_share
from segpredict.metrics._figures import table
from segpredict.metrics._metric import Metric


def top_decile_share(books: Books) -> pl.DataFrame:
    """Return the share of the top tenth over the look-back.

    Examples
    --------
    Of ten customers who spent 1, 2 … 10, the best brought 10 of 55.

    >>> from segpredict.metrics import Books, measure
    >>> shop = Books.of([(f"c{i}", 0, i) for i in range(1, 11)], end_day=91)
    >>> measure(shop, ["top_decile_share"]).select("part", "whole").row(0)
    (100000, 550000)
    """
    spent = spends(books)
    if not spent.sum():
        return table(pl.DataFrame())
    part, value, influence = top_share(spent, 0.1)
    return figure(books, spent, value, influence, part)


PART = Metric(
    name="top_decile_share",
    order=170,
    title="Sales of the top tenth",
    formula="revenue of the ⌈n / 10⌉ customers who spent most in the look-back / "
    "revenue of all n who ordered in it",
    unit="share",
    interval="By influences (the linearised spread of customers, closed form), 95 %, "
    "within 0 and 1; none for fewer than 5 customers.",
    meaning="How much of the revenue the best tenth of the customers brings.",
    measure=top_decile_share,
    caution="Who was among the best need not be so next year.",
)
