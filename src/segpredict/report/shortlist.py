"""The customers to contact first of each segment: most revenue at risk, and most upside."""

import polars as pl

from segpredict.core.types import JSON

# Name of a list, and the column that ranks its customers.
SHORTLIST_COLUMNS = {"at risk": "value_at_risk", "on the way up": "upside"}
MAX_REASONS = 3  # of a customer, strongest first; all are in `segpredict explain`


def customer_shortlist(scores: pl.DataFrame, max_listed: int = 10) -> pl.DataFrame:
    """Return the first customers of each segment on each list, best first.

    ``total`` and ``listed`` are the sum and the number of all customers of the segment with a
    value above zero.

    >>> columns = {"customer_id": ["a", "b"], "segment_id": ["S1", "S1"]}
    >>> scores = pl.DataFrame({**columns, "value_at_risk": [5.0, 9.0], "upside": [None, 0.0]})
    >>> customer_shortlist(scores).select("list", "rank", "customer_id", "total").rows()
    [('at risk', 1, 'b', 14.0), ('at risk', 2, 'a', 14.0)]
    """
    found = []
    for name, by in SHORTLIST_COLUMNS.items():
        ranked = scores.filter(pl.col(by) > 0).sort(by, "customer_id", descending=[True, False])
        rank = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("segment_id")
        of_segment = pl.col(by).sum().over("segment_id"), pl.len().over("segment_id")
        ranked = ranked.select(
            pl.lit(name).alias("list"),
            rank.alias("rank"),
            of_segment[0].alias("total"),
            of_segment[1].cast(pl.Int64).alias("listed"),
            pl.all(),
        )
        found.append(ranked.filter(pl.col("rank") <= max_listed).sort("segment_id", "rank"))
    return pl.concat(found)


def shortlist_with_reasons(
    shortlist: pl.DataFrame, reasons: pl.DataFrame
) -> tuple[dict[str, JSON], ...]:
    """Return the rows of the lists with the reasons for each forecast."""
    supporting = (
        reasons.filter(pl.col("direction") == "for")
        .sort("customer_id", "rank")
        .group_by("customer_id", maintain_order=True)
        .agg(pl.col("text").head(MAX_REASONS))
    )
    texts: dict[str, list[str]] = dict(supporting.iter_rows())
    return tuple(
        {**row, "reasons": texts.get(row["customer_id"], [])}
        for row in shortlist.iter_rows(named=True)
    )
