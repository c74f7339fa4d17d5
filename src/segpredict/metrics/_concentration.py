"""How unevenly sales are spread among customers: the Lorenz curve and what it gives."""

import math

import numpy as np
import polars as pl

from segpredict.core.arrays import Floats, Ints
from segpredict.core.intervals import Z
from segpredict.metrics._books import Books
from segpredict.metrics._figures import ALL, MIN_CUSTOMERS_FOR_SPREAD, table

POINTS = 100  # of the curve that is kept


def spends(books: Books) -> Ints:
    """Return what each customer with an order in the look-back spent in it, rising.

    Money is in units of 10⁻⁴, less what was returned in the look-back, and never below
    zero.
    """
    bought = ~pl.col("is_return")
    return (
        books.entries.filter(~pl.col("is_void") & (pl.col("day") >= start(books)))
        .group_by("customer")
        .agg(pl.col("amount").sum(), orders=bought.sum())
        .filter(pl.col("orders") > 0)["amount"]
        .clip(lower_bound=0)
        .sort()
        .to_numpy()
    )


def start(books: Books) -> int:
    """Return the first day of the look-back that the data cover."""
    return max(books.first_day, books.end_day - books.lookback)


def lorenz(books: Books) -> pl.DataFrame:
    """Return the Lorenz curve of the look-back.

    Returns
    -------
    polars.DataFrame
        ``customers`` (share of them, the smallest spenders first) and ``revenue``
        (their share of it), from (0, 0) to (1, 1); no rows without sales.

    Examples
    --------
    >>> shop = Books.of([("ann", 0, 10.0), ("bob", 1, 30.0)], end_day=91)
    >>> lorenz(shop).rows()
    [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]
    """
    spent = spends(books)
    total = int(spent.sum())
    n = spent.size
    if not total:
        return pl.DataFrame(schema={"customers": pl.Float64, "revenue": pl.Float64})
    taken = np.unique(np.linspace(0, n, POINTS + 1).round().astype(np.int64))
    sums = np.concatenate([[0], spent.cumsum()])[taken]
    return pl.DataFrame({"customers": taken / n, "revenue": sums / total})


def gini(spent: Ints) -> tuple[float, Floats]:
    """Return Gini's index of rising amounts, and the influence of each on it.

    Notes
    -----
    G = Σ (2i − n − 1) xᵢ / (n Σ xᵢ). The influences are those of Davidson (2009), with
    F = (i − ½) / n and C = Σ_{j ≤ i} xⱼ / n: (2 (xᵢ F − C) − (G + 1) xᵢ) / μ, less
    their mean.
    """
    n, mean = spent.size, spent.mean()
    rank = np.arange(1, n + 1)
    index = float(((2 * rank - n - 1) * (spent / mean)).sum() / n**2)
    below = spent.cumsum() / n
    influence = (2 * (spent * (rank - 0.5) / n - below) - (index + 1) * spent) / mean
    return index, influence - influence.mean()


def top_share(spent: Ints, share: float) -> tuple[int, float, Floats]:
    """Return what the largest amounts add up to, its part of all, and the influences.

    Parameters
    ----------
    spent
        Rising amounts.
    share
        Which share of the amounts is meant, rounded up to whole ones.

    Notes
    -----
    With Q the smallest of the largest and S their part of the sum, the influence of x
    is (max(x − Q, 0) + share · Q − S x) / μ: that of a Lorenz ordinate (Beach and
    Davidson 1983).
    """
    largest = spent[-math.ceil(share * spent.size) :]
    edge, mean = int(largest[0]), spent.mean()
    part = int(largest.sum())
    value = part / int(spent.sum())
    over = np.maximum(spent - edge, 0) + share * edge
    influence = (over - value * spent) / mean
    return part, value, influence - influence.mean()


def figure(
    books: Books, spent: Ints, value: float, influence: Floats, part: int | None = None
) -> pl.DataFrame:
    """Return one figure of the look-back with the interval that influences give."""
    n = spent.size
    error = float(np.sqrt((influence**2).sum() / max(n - 1, 1) / n))
    is_told = n >= MIN_CUSTOMERS_FOR_SPREAD
    row = {
        "scope": ALL,
        "start": start(books),
        "end": books.end_day,
        "n": n,
        "part": part,
        "whole": None if part is None else int(spent.sum()),
        "value": value,
        "low": max(0.0, value - Z * error) if is_told else None,
        "high": min(1.0, value + Z * error) if is_told else None,
    }
    return table(pl.DataFrame([row]))
