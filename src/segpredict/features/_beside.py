"""The words in which families ask about other rows than orders (`_rows`).

They are Polars aggregations over one customer's rows, in which ``ago`` is the number of
days from a row to the cutoff, 1 and up.
"""

import polars as pl

AGO = pl.col("ago")


def within(days: int, skip: int = 0) -> pl.Expr:
    """Return whether a row lies in ``[T - skip - days, T - skip)``."""
    inside = AGO.le(skip + days)
    return inside & AGO.gt(skip) if skip else inside


def count(where: pl.Expr) -> pl.Expr:
    """Return the number of rows for which it holds."""
    return where.cast(pl.Int64).sum()


def total(column: str, where: pl.Expr) -> pl.Expr:
    """Return the sum of a column over the rows for which it holds."""
    return pl.when(where).then(pl.col(column)).otherwise(0).sum()
