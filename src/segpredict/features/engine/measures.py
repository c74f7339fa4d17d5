"""The measures that families request of orders, and helpers to derive features.

A span is a number of days back from the cutoff: ``last_days(28)`` is ``[T - 28, T)``. All measures
of it are whole numbers, so equal to the bit on any number of threads; `runs` computes them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import polars as pl

from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import Window

FEATURE_SPANS = (28, 91, 182, 364)  # whole weeks, so that every span has the same weekdays
LOG_SCALE = 1_000_000_000  # logarithms are summed as whole numbers of 10⁻⁹

RowKind = Literal["orders", "days", "credits", "repeats"]
MeasureKind = Literal["number", "active", "sum", "squares", "first", "last", "most", "median"]


@dataclass(frozen=True, slots=True)
class MeasureSpan:
    """The days ``[T - oldest, T - newest)``, as far as a window's history reaches."""

    # days back from the cutoff T; ``None`` is as far back as there is history
    newest: int = 0
    oldest: int | None = None
    n_parts: int = 1  # into how many equal parts the days are split

    def split_parts(self) -> Iterator["MeasureSpan"]:
        """Yield the parts, newest first."""
        assert self.oldest is not None
        length = (self.oldest - self.newest) // self.n_parts
        for newest in range(self.newest, self.oldest, length):
            yield MeasureSpan(newest, newest + length)


WHOLE_HISTORY = MeasureSpan()


@dataclass(frozen=True, slots=True)
class Measure:
    """One number about one customer's rows in a span; zero where there are none."""

    # ``number`` of rows; ``active``, how many parts of the span have a row; ``sum``, sum of
    # ``squares``, ``first``, ``last``, ``most`` and ``median`` of a column
    kind: MeasureKind
    span: MeasureSpan = WHOLE_HISTORY  # the days that count
    # a column of the rows, of `MEASURE_COLUMNS`, or of `FeatureFamily.columns`; ``ago`` is the days
    # to the cutoff, 1 and up
    column: str = ""
    # ``orders``; ``days`` with an order; ``credits``, credit notes; or ``repeats``, lines with a
    # product that was bought before
    rows: RowKind = "orders"
    # whether the first row of the span is left out: for differences to the row before
    between: bool = False
    # of repeats: the span in which the earlier line was dated
    repeat_of: MeasureSpan = WHOLE_HISTORY


MEASURE_COLUMNS: Mapping[RowKind, Mapping[str, pl.Expr]] = {
    "orders": {"is_named": (pl.col("products") > 0).cast(pl.Int64)},
    "days": {},
    "credits": {},
    "repeats": {},
}


def last_days(days: int, skip: int = 0) -> MeasureSpan:
    """Return the span ``[T - skip - days, T - skip)``."""
    return MeasureSpan(skip, skip + days)


count_orders = partial(Measure, "number")
count_purchase_days = partial(Measure, "number", rows="days")
# Money of credit notes, zero or below.
sum_returns = partial(Measure, "sum", column="net", rows="credits")
# Days from the last or the first purchase to the cutoff.
days_since_last = partial(Measure, "last", column="ago")
days_since_first = partial(Measure, "first", column="ago")


def sum_orders(column: str, span: MeasureSpan = WHOLE_HISTORY) -> Measure:
    """Return the sum of a column over orders."""
    return Measure("sum", span, column)


def count_repeats(span: MeasureSpan, of: MeasureSpan = WHOLE_HISTORY) -> Measure:
    """Return the lines of a span with a product that a line of another span already had.

    The lines of a span, less the repeats of lines of that span, are different products.
    """
    return Measure("number", span, rows="repeats", repeat_of=of)


def spend_measures(name: str, span: MeasureSpan) -> Mapping[str, Measure]:
    """Return the measures from which `net_spend` derives spend less returns."""
    return {f"paid_{name}": sum_orders("net", span), f"back_{name}": sum_returns(span)}


def net_spend(name: str) -> pl.Expr:
    """Return spend less returns, from the measures `spend_measures`."""
    return pl.col(f"paid_{name}") + pl.col(f"back_{name}")


def divide_rounded(value: pl.Expr, number: int) -> pl.Expr:
    """Return a measure divided by a number, rounded once.

    Polars multiplies a column by the reciprocal of a literal, but divides a single row by it: a
    customer scored alone would differ in the last bit. Dividing by a column is a division always.
    """
    return value / (pl.col("one") * number)


def to_currency(value: str | pl.Expr) -> pl.Expr:
    """Return a measure of money in units of currency."""
    return divide_rounded(pl.col(value) if isinstance(value, str) else value, MONEY_SCALE)


def coefficient_of_variation(number: str, total: str, squared: str) -> pl.Expr:
    """Return the sample standard deviation over the mean, from a number, a sum and squares.

    It is null for fewer than two values or no positive mean; the difference of sums is exact.
    """
    n, s = pl.col(number), pl.col(total)
    wide = s.cast(pl.Int128)
    excess = n.cast(pl.Int128) * pl.col(squared) - wide * wide
    ratio = (excess.cast(pl.Float64) * n / (n - 1)).sqrt() / s
    return pl.when((n >= 2) & (s > 0)).then(ratio)


def null_if_uncovered(window: Window, back: int, value: pl.Expr) -> pl.Expr:
    """Return the value, or null where data or history do not reach back to ``T - back``."""
    starts = [window.history_start, *([] if window.first_day is None else [window.first_day])]
    return value if max(starts) <= window.cutoff - back else pl.lit(None, pl.Float64)


PRIOR_GAPS = 2
PRIOR_DEFICIT = 0.5772156649015329  # Euler's constant: ln mean - mean ln, at random


def gap_measures(_: Window) -> Mapping[str, Measure]:
    """Return the measures of a customer's gaps, all but the median whole numbers."""
    # The first purchase day that a window sees has no gap in it.
    between = partial(Measure, rows="days", between=True)
    return {
        "first_ago": days_since_first(),
        "last_ago": days_since_last(),
        "gaps": between("number"),
        "gap_squares": between("squares", column="gap"),
        "gap_logs": between("sum", column="gap_log"),
        "gap_median": between("median", column="gap"),
    }


def gap_or_null(measure: str) -> pl.Expr:
    """Return a measure of gaps; null without a gap."""
    return pl.when(pl.col("gaps") > 0).then(pl.col(measure))


def gap_steps() -> tuple[Mapping[str, pl.Expr], ...]:
    """Return the steps that several features derive from.

    ``gap_shape`` is the shape k of a gamma distribution of gaps, null below two gaps: Minka's
    closed form of the maximum-likelihood shape, with the deficit ``s = ln mean - mean ln`` of the
    gaps. A few gaps carry little information, so two prior gaps of a customer who buys at random (k
    = 1) are averaged in; they are the same for everyone, so each value still depends on one
    customer only. After T. Minka, "Estimating a Gamma distribution", 2002.
    """
    n, s = pl.col("gaps"), pl.col("gap_deficit")
    own = pl.col("gap_mean").log() - pl.col("gap_logs") / (n * LOG_SCALE)
    prior = PRIOR_GAPS * PRIOR_DEFICIT
    shape = (3 - s + ((s - 3) ** 2 + 24 * s).sqrt()) / (12 * s)
    return (
        {"gap_sum": pl.col("first_ago") - pl.col("last_ago")},
        {"gap_mean": gap_or_null("gap_sum") / n},
        {"gap_deficit": (n * own.clip(lower_bound=0.0) + prior) / (n + PRIOR_GAPS)},
        {"gap_shape": pl.when(n >= 2).then(shape)},
    )


GAP_MEAN = pl.col("gap_mean")
GAP_SHAPE = pl.col("gap_shape")
