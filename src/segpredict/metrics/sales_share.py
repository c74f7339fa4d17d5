"""How much of the revenue a segment brings."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import ratios, table
from segpredict.metrics._metric import BOOTSTRAP, Metric


def sales_share(books: Books) -> pl.DataFrame:
    """Return each segment's share of the revenue of the newest window.

    Examples
    --------
    >>> from segpredict.metrics import Books, measure
    >>> rows = [("ann", 0, 60), ("bob", 1, 40), ("cid", 2, 100)]
    >>> named = {"ann": "S1", "bob": "S1", "cid": "S2"}
    >>> found = measure(Books.of(rows, 91, segments=named), ["sales_share"])
    >>> found.select("scope", "n", "value").rows()
    [('S1', 2, 0.5), ('S2', 1, 0.5)]
    """
    known = books.customers.drop_nulls("segment_id").select("customer", "segment_id")
    newest = books.activity.filter(pl.col("window") == 0).select("customer", "net")
    paid = known.join(newest, on="customer")  # who did nothing adds nothing
    rows = known.select(scope=pl.col("segment_id").unique()).join(paid, how="cross")
    own = pl.col("scope") == pl.col("segment_id")
    shared = rows.select(
        "customer", "scope", part=pl.when(own).then("net").otherwise(0), whole="net"
    )
    sizes = known.group_by(scope="segment_id").agg(size=pl.len())
    found = ratios(books, shared, ["scope"]).join(sizes, on="scope").sort("scope")
    return table(
        found.with_columns(
            n="size", start=books.end_day - books.horizon, end=books.end_day
        )
    )


PART = Metric(
    name="sales_share",
    order=150,
    title="Share of sales",
    formula="revenue of the segment in the newest window / revenue of all customers in "
    "it",
    unit="share",
    interval=BOOTSTRAP,
    meaning="How much of the revenue a segment brings.",
    measure=sales_share,
    caution="Segments are made from spend in that same window, so that the best bring "
    "the most is how they were made, not a finding. A segment's share is below zero if "
    "it returned more than it bought.",
)
