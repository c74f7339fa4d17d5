"""The words in which families ask: days back from the cutoff, and what to add up.

``ago`` is the number of days from an order to the cutoff: 1 is the day before it, so
``within(28)`` is ``[T - 28, T)``. Every total is a sum of whole numbers and therefore
equal to the bit on any number of threads.
"""

import polars as pl

from segpredict.tables import MONEY
from segpredict.window import Window

SPANS = (28, 91, 182, 364)  # whole weeks, so that every span has the same weekdays
LOG = 1_000_000_000  # logarithms are added up as whole numbers of 10⁻⁹

AGO = pl.col("ago")
IS_ORDER = pl.col("is_order")
IS_DAY = pl.col("is_day")


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


def squares(column: str, where: pl.Expr) -> pl.Expr:
    """Return the sum of squares; 128 bits, as a large order squared fills 64."""
    wide = pl.when(where).then(pl.col(column)).cast(pl.Int128)
    return (wide * wide).sum()


def days(where: pl.Expr) -> pl.Expr:
    """Return the number of purchase days for which it holds."""
    return count(IS_DAY & where)


def orders(where: pl.Expr) -> pl.Expr:
    """Return the number of orders for which it holds."""
    return count(IS_ORDER & where)


def since_last() -> pl.Expr:
    """Return the days from the last purchase to the cutoff."""
    return pl.when(IS_ORDER).then(AGO).min()


def since_first() -> pl.Expr:
    """Return the days from the first purchase to the cutoff."""
    return pl.when(IS_ORDER).then(AGO).max()


def over(value: pl.Expr, number: int) -> pl.Expr:
    """Return a measure divided by a number, rounded once.

    Polars multiplies a column by the reciprocal of a literal, but divides a single
    row by it: a customer scored alone would differ in the last bit. Dividing by a
    column is a division always.
    """
    return value / (pl.col("one") * number)


def money(name: str) -> pl.Expr:
    """Return a measure of money in currency."""
    return over(pl.col(name), MONEY)


def spread(number: str, total: str, squared: str) -> pl.Expr:
    """Return the coefficient of variation, from a number, a sum and a sum of squares.

    The sample standard deviation over the mean; null for fewer than two values and
    where the mean is not positive. The difference of the sums is exact.
    """
    n, s = pl.col(number), pl.col(total)
    wide = s.cast(pl.Int128)
    excess = n.cast(pl.Int128) * pl.col(squared) - wide * wide
    ratio = (excess.cast(pl.Float64) * n / (n - 1)).sqrt() / s
    return pl.when((n >= 2) & (s > 0)).then(ratio)


def reaches(window: Window, back: int) -> bool:
    """Return whether the data and the history cover the days back to ``T - back``."""
    first = window.first_day
    observed = first is None or first <= window.cutoff - back
    return observed and window.history_start <= window.cutoff - back


def if_seen(window: Window, back: int, value: pl.Expr) -> pl.Expr:
    """Return the value, or null where the data do not reach back to ``T - back``."""
    return value if reaches(window, back) else pl.lit(None, pl.Float64)
