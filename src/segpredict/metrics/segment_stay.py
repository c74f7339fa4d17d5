"""Who stays in the segment."""

import polars as pl

from segpredict.metrics._books import Books
from segpredict.metrics._figures import ALL, shares, table
from segpredict.metrics._metric import WILSON, Metric


def segment_stay(books: Books) -> pl.DataFrame:
    """Return R4 of the moves into the newest window, by segment and over all.

    Examples
    --------
    >>> import polars as pl
    >>> from dataclasses import replace
    >>> from segpredict.metrics import Books, measure
    >>> moves = pl.DataFrame({
    ...     "from_id": ["S0", "S0", "S1", "S1", "NEW"],
    ...     "to_id": ["S0", "S1", "S0", "S1", "S1"],
    ...     "n": [6, 2, 1, 3, 5],
    ... })
    >>> shop = replace(Books.of([("ann", 0, 20)], end_day=182), moves=moves)
    >>> found = measure(shop, ["segment_stay"])
    >>> found.select("scope", "part", "whole", "value").rows()
    [('all', 9, 12, 0.75), ('S0', 6, 8, 0.75), ('S1', 3, 4, 0.75)]
    """
    if books.moves is None:
        return table(pl.DataFrame())
    stays = pl.col("from_id") == pl.col("to_id")
    known = books.moves.filter(pl.col("from_id") != "NEW").select(
        "n", scope="from_id", part=pl.when(stays).then("n").otherwise(0)
    )
    counted = [pl.col("part").sum(), pl.col("n").sum().alias("whole")]
    segments = known.group_by("scope").agg(counted).sort("scope")
    every = known.select(pl.lit(ALL).alias("scope"), *counted)
    return table(
        shares(pl.concat([every, segments])).with_columns(
            n="whole", start=books.end_day - books.horizon, end=books.end_day
        )
    )


PART = Metric(
    name="segment_stay",
    order=110,
    title="Staying in the segment (R4)",
    formula="customers whose segment is the same in the next window / customers of the "
    "segment",
    unit="share",
    interval=WILSON,
    meaning="Of a hundred customers of a segment, so many were in the same one a "
    "window later.",
    measure=segment_stay,
    caution="A customer who moves up does not stay, either.",
)
