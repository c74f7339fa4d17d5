"""The customers to look at first: most money at risk, and most to be won."""

import polars as pl

from segpredict.core.types import JSON

# What a list is called, and what its customers are ranked by.
SHORTLIST_COLUMNS = {"at risk": "value_at_risk", "on the way up": "upside"}
MAX_REASONS = 3  # of a customer, strongest first; more is for `segpredict explain`


def customer_shortlist(scores: pl.DataFrame, max_listed: int = 100) -> pl.DataFrame:
    """Return who is on which list, best first.

    Parameters
    ----------
    scores
        `contracts.SCORES_SCHEMA`; whoever is not eligible is on no list.
    max_listed
        How many stand on a list.

    Returns
    -------
    polars.DataFrame
        ``list`` and ``rank``, then the columns of `scores`. A customer may be on both.

    Examples
    --------
    >>> scores = pl.DataFrame(
    ...     {
    ...         "customer_id": ["a", "b"],
    ...         "value_at_risk": [5.0, 9.0],
    ...         "upside": [None, 0.0],
    ...     }
    ... )
    >>> shortlist(scores).select("list", "rank", "customer_id").rows()
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
    listed: pl.DataFrame, reasons: pl.DataFrame
) -> tuple[dict[str, JSON], ...]:
    """Return the rows of the lists with what speaks for each forecast.

    Parameters
    ----------
    listed
        What `customer_shortlist` returned.
    reasons
        ``customer_id``, ``speaks``, ``rank`` and ``text`` (`explain.reason_texts`);
        customers without any keep an empty list.
    """
    speaking = (
        reasons.filter(pl.col("speaks") == "for")
        .sort("customer_id", "rank")
        .group_by("customer_id", maintain_order=True)
        .agg(pl.col("text").head(MAX_REASONS))
    )
    texts: dict[str, list[str]] = dict(speaking.iter_rows())
    return tuple(
        {**row, "reasons": texts.get(row["customer_id"], [])}
        for row in listed.iter_rows(named=True)
    )
