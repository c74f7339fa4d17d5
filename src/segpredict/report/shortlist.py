"""The customers to contact first: most revenue at risk, and most upside."""

import polars as pl

from segpredict.core.types import JSON

# Name of a list, and the column that ranks its customers.
SHORTLIST_COLUMNS = {"at risk": "value_at_risk", "on the way up": "upside"}
MAX_REASONS = 3  # of a customer, strongest first; all are in `segpredict explain`


def customer_shortlist(scores: pl.DataFrame, max_listed: int = 100) -> pl.DataFrame:
    """Return the customers of each list, best first.

    >>> columns = {"customer_id": ["a", "b"], "value_at_risk": [5.0, 9.0], "upside": [None, 0.0]}
    >>> scores = pl.DataFrame(columns)
    >>> customer_shortlist(scores).select("list", "rank", "customer_id").rows()
    [('at risk', 1, 'b'), ('at risk', 2, 'a')]
    """
    found = [
        scores.filter(pl.col(by) > 0)
        .sort(by, "customer_id", descending=[True, False])
        .head(max_listed)
        .select(
            pl.lit(name).alias("list"),
            pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("rank"),
            pl.all(),
        )
        for name, by in SHORTLIST_COLUMNS.items()
    ]
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
