"""From customer rows to figures with intervals, shared by all KPIs."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import polars as pl

from segpredict.analytics.kpis._order_book import OrderBook
from segpredict.classifier.evaluation.bootstrap import MAX_RESAMPLING_UNITS, bootstrap_weights
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.intervals import wilson_interval
from segpredict.core.segment import ALL_CUSTOMERS

FIGURE_COLUMNS = {
    "scope": pl.String,
    **dict.fromkeys(("age", "start", "end"), pl.Int32),
    **dict.fromkeys(("n", "part", "whole"), pl.Int64),
    **dict.fromkeys(("value", "low", "high"), pl.Float64),
}
MIN_CUSTOMERS_FOR_SPREAD = 5  # customers below which a spread of customers says nothing
FIGURES_PER_CHUNK = 500  # figures at a time, to bound memory


def share_figures(rows: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Return shares of customers with Wilson's interval."""
    counted = [pl.len().cast(pl.Int64).alias("n"), pl.col("hit").sum().cast(pl.Int64).alias("part")]
    found = rows.group_by(by).agg(*counted) if by else rows.select(counted)
    return wilson_shares(found.with_columns(whole=pl.col("n")))


def wilson_shares(counts: pl.DataFrame) -> pl.DataFrame:
    """Return ``part`` of ``whole`` with Wilson's interval; nulls stay null."""
    low, high = wilson_interval(pl.col("part"), pl.col("whole"))
    whole = pl.when(pl.col("whole") > 0).then(pl.col("whole"))
    return counts.with_columns(value=pl.col("part") / whole, low=low, high=high)


def ratio_figures(
    order_book: OrderBook, rows: pl.DataFrame, by: Sequence[str], unit: int = 1
) -> pl.DataFrame:
    """Return ratios of sums with the interval of a bootstrap that draws customers.

    The ratio of a draw is Σ wᵢ·partᵢ / Σ wᵢ·wholeᵢ, where w counts how often each customer was
    drawn. Of more than 4,000, random groups are drawn (random groups: Wolter 2007). Sums are whole
    numbers, exact up to 2⁵³, so neither threads nor order can change a bit.
    """
    keys = rows.select(by).unique().sort(by).with_row_index("column")
    placed = rows.join(keys, on=list(by), nulls_equal=True)
    sums = pl.col("part", "whole").sum()
    summed = placed.group_by("column").agg(pl.len().cast(pl.Int64).alias("n"), sums)
    found = keys.join(summed, on="column").sort("column")
    units = resampling_units(order_book).gather(placed["customer"])
    by_unit = placed.with_columns(unit=units).group_by("unit", "column").agg(sums)
    ends = [*range(0, found.height, FIGURES_PER_CHUNK), found.height]
    points = [_chunk(order_book, by_unit, range(*pair)) for pair in pairwise(ends)]
    low, high = np.concatenate([np.empty((2, 0)), *points], axis=1)
    return ratio_values(found.drop("column"), low, high, unit)


def ratio_values(found: pl.DataFrame, low: FloatArray, high: FloatArray, unit: int) -> pl.DataFrame:
    """Return ratios of ``part`` and ``whole`` with these ends of their intervals."""
    whole = pl.when(pl.col("whole") > 0).then(pl.col("whole"))
    has_interval = (pl.col("whole") > 0) & (pl.col("n") >= MIN_CUSTOMERS_FOR_SPREAD)
    return found.with_columns(
        value=pl.col("part") / (whole * unit),
        low=pl.when(has_interval).then(pl.Series(low / unit, dtype=pl.Float64)),
        high=pl.when(has_interval).then(pl.Series(high / unit, dtype=pl.Float64)),
    )


def _chunk(order_book: OrderBook, by_unit: pl.DataFrame, columns: range) -> FloatArray:
    first, end = columns.start, columns.stop
    rows = by_unit.filter(pl.col("column").is_between(first, end, closed="left"))
    cell = rows["unit"].to_numpy(), rows["column"].to_numpy() - first
    shape = (resampling_unit_count(order_book), len(columns))
    part, whole = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    part[cell], whole[cell] = rows["part"].to_numpy(), rows["whole"].to_numpy()
    return bootstrap_bounds(order_book, part, whole)


def resampling_unit_count(order_book: OrderBook) -> int:
    """Return the number of resampling units."""
    return min(order_book.customers.height, MAX_RESAMPLING_UNITS)


def resampling_units(order_book: OrderBook) -> pl.Series:
    """Return each customer's resampling unit: itself, or a random group in a large shop."""
    customers = order_book.customers.height
    given = np.arange(customers)
    if customers > MAX_RESAMPLING_UNITS:
        given = np.random.default_rng(order_book.seed).permutation(customers) % MAX_RESAMPLING_UNITS
    return pl.Series("unit", given)


def bootstrap_bounds(order_book: OrderBook, part: IntArray, whole: IntArray) -> FloatArray:
    """Return the 2.5 % and 97.5 % points of ratios over the draws."""
    used = np.flatnonzero(part.any(axis=1) | whole.any(axis=1))
    size = resampling_unit_count(order_book)
    weights = _weights(size, order_book.draws, order_book.seed)[:, used]
    above, below = weights @ part[used], weights @ whole[used]
    total = whole.sum(axis=0)
    plain = np.divide(part.sum(axis=0), total, out=np.zeros(part.shape[1]), where=total > 0)
    # A draw without anybody of a small group carries no information on its spread.
    fallback = np.tile(plain, (len(above), 1))
    drawn = np.divide(above, below, out=fallback, where=np.broadcast_to(below > 0, fallback.shape))
    return np.asarray(np.quantile(drawn, [0.025, 0.975], axis=0))


@lru_cache(maxsize=1)
def _weights(size: int, draws: int, seed: int) -> FloatArray:
    weights = bootstrap_weights(np.random.default_rng(seed), draws, size)
    weights.flags.writeable = False
    return weights


def figures_by_window(order_book: OrderBook, found: pl.DataFrame) -> pl.DataFrame:
    """Return figures keyed by ``window`` with the days that it covers, newest first."""
    end = order_book.end_day - pl.col("window") * order_book.horizon
    days = {"scope": pl.lit(ALL_CUSTOMERS), "start": end - order_book.horizon, "end": end}
    return figure_table(found.sort("window").with_columns(**days))


def ratios_by_window(order_book: OrderBook, rows: pl.DataFrame, unit: int = 1) -> pl.DataFrame:
    """Return `ratio_figures` by window, newest first."""
    return figures_by_window(order_book, ratio_figures(order_book, rows, ["window"], unit))


def figure_table(found: pl.DataFrame) -> pl.DataFrame:
    """Return figures with all columns, in order; those that are missing are null."""
    if not found.width:
        return pl.DataFrame(schema=FIGURE_COLUMNS)
    return found.select(
        pl.col(name).cast(dtype) if name in found.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in FIGURE_COLUMNS.items()
    )
