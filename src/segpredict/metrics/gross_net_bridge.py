"""From what was sold to what was kept, step by step."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._concentration import start
from segpredict.metrics._figures import ratios, table
from segpredict.metrics._metric import BOOTSTRAP, Metric

BEFORE = ("list_value", "discounts")  # only where discounts are known
STEPS = ("gross_sales", "sent_back_whole", "returned", "net_revenue")


def gross_net_bridge(books: Books) -> pl.DataFrame:
    """Return the steps over all data and over the look-back, each a row.

    ``list_value`` + ``discounts`` = ``gross_sales`` (the first two only where discounts
    are known); ``gross_sales`` + ``sent_back_whole`` + ``returned`` = ``net_revenue``.

    Examples
    --------
    Ann sent 5 of her 50 back.

    >>> from segpredict.metrics import Books, measure
    >>> rows = [("ann", 0, 50), ("ann", 7, -5), ("bob", 1, 50)]
    >>> found = measure(Books.of(rows, end_day=91), ["gross_net_bridge"])
    >>> for row in found.select("scope", "part", "value").rows():
    ...     print(*row)
    gross_sales 1000000 1.0
    sent_back_whole 0 0.0
    returned -50000 -0.05
    net_revenue 950000 0.95
    """
    spans = sorted({books.first_day, start(books)})
    return pl.concat([_bridge(books, first) for first in spans])


def _bridge(books: Books, first: int) -> pl.DataFrame:
    sold, void = ~pl.col("is_return"), pl.col("is_void")
    amount, off = pl.col("amount"), pl.col("discount")
    rows = (
        books.entries.filter(pl.col("day") >= first)
        .group_by("customer")
        .agg(
            gross_sales=amount.filter(sold).sum(),
            sent_back_whole=-amount.filter(sold & void).sum(),
            returned=amount.filter(~sold & ~void).sum(),
            discounts=-off.filter(sold).sum(),
            known=off.filter(sold).count(),
        )
        .with_columns(
            list_value=pl.col("gross_sales") - pl.col("discounts"),
            net_revenue=pl.sum_horizontal("gross_sales", "sent_back_whole", "returned"),
            whole="gross_sales",
        )
    )
    steps = (*BEFORE, *STEPS) if rows["known"].sum() else STEPS
    parts = rows.unpivot(
        steps, index=["customer", "whole"], variable_name="scope", value_name="part"
    )
    order = pl.DataFrame({"scope": steps})
    found = order.join(
        ratios(books, parts, ["scope"]), on="scope", maintain_order="left"
    )
    return table(found.with_columns(start=first, end=books.end_day))


PART = Metric(
    name="gross_net_bridge",
    order=70,
    title="From gross sales to net revenue",
    formula="net revenue = gross sales − orders sent back whole (on their day of sale) "
    "− other returns (on the day they came back); where known, gross sales = list "
    "value − discounts; each step over gross sales",
    unit="share",
    interval=BOOTSTRAP + " The amounts themselves are exact.",
    meaning="How much of what was sold came back, and what was left.",
    measure=gross_net_bridge,
    caution="Returns of sales before the data began are in it; those still to come are "
    "not.",
)
