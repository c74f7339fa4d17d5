"""Judge forecasts of demand against what came, and decide what may be told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from segpredict.analytics.demand.dispersion import (
    negative_binomial_dispersion,
    negative_binomial_quantile,
    turnover_classes,
)
from segpredict.analytics.demand.forecast import SEASONAL_NAIVE, SEGMENT_METHOD, LevelForecast
from segpredict.analytics.demand.sales import DEMAND_LEVELS, NO_CATEGORY, PRODUCT_LEVEL, WindowSales
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import as_date

MIN_WINS = 2  # tests in which a level must beat seasonal-naive to be published
MAX_RESAMPLING_UNITS = 4096  # customers are drawn in at most so many groups
DRAWS_PER_CHUNK = 50  # draws at a time, to bound memory
BACKTEST_SCHEMA = {
    "level": pl.String,
    "window": pl.String,
    "method": pl.String,
    "items": pl.Int64,
    "came": pl.Float64,
    "expected": pl.Float64,
    "wape": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "gap": pl.Float64,
    "gap_low": pl.Float64,
    "gap_high": pl.Float64,
}
DISPERSION_COLUMNS = ("dispersion_fast", "dispersion_middling", "dispersion_slow")
PUBLISHABLE_LEVELS_SCHEMA = {
    "level": pl.String,
    "tests": pl.Int64,
    "wins": pl.Int64,
    "is_published": pl.Boolean,
    "nearest": pl.String,
    **dict.fromkeys(DISPERSION_COLUMNS, pl.Float64),
    "met": pl.Float64,
    "met_of": pl.Int64,
    "reason": pl.String,
}


@dataclass(frozen=True)
class DemandBacktest:
    """The forecasts of one level at one test, and what came.

    Parameters
    ----------
    level, cutoff
        Which.
    items
        All that was forecast and all that sold.
    expected
        Units by forecaster; nothing of an item that it did not know.
    actual
        Units that came.
    batches
        The same by group of customers (rows) and item, in whole units of 10⁻⁴; ``None``
        where products are drawn instead.
    """

    level: str
    cutoff: int
    items: tuple[str, ...]
    expected: Mapping[str, FloatArray]
    actual: FloatArray
    batches: FloatArray | None

    @property
    def window(self) -> str:
        """The day of the test, as text."""
        return as_date(self.cutoff).isoformat()


def backtest_level(forecast: LevelForecast, cutoff: int, sales: WindowSales) -> DemandBacktest:
    """Return what was forecast beside what came.

    Parameters
    ----------
    forecast
        The forecasts.
    cutoff
        Their day.
    sales
        The window that they were about.
    """
    level = forecast.level
    came = sales.purchases[level].drop_nulls().unique().to_list()
    items = tuple(sorted({*forecast.items, *came} - {NO_CATEGORY}))
    place = {name: i for i, name in enumerate(items)}
    known = [i for i, name in enumerate(forecast.items) if name in place]
    rows = [place[forecast.items[i]] for i in known]
    expected = {}
    for method, units in forecast.expected.items():
        expected[method] = np.zeros(len(items))
        expected[method][rows] = units[known]
    batches = None if level == PRODUCT_LEVEL else _batches(sales, level, place)
    return DemandBacktest(level, cutoff, items, expected, sales.units_sold(level, items), batches)


def _batches(sold: WindowSales, level: str, place: Mapping[str, int]) -> FloatArray:
    buyers = sold.purchases["customer_id"].rank("dense") - 1
    cells = (
        sold.purchases.with_columns(batch=buyers % MAX_RESAMPLING_UNITS)
        .filter(pl.col(level).is_in(list(place)))
        .group_by("batch", level)
        .agg(pl.col("units").sum())
    )
    count = min(sold.purchases["customer_id"].n_unique(), MAX_RESAMPLING_UNITS)
    table = np.zeros((count, len(place)))
    columns = [place[name] for name in cells[level].to_list()]
    table[cells["batch"].to_numpy(), columns] = cells["units"].to_numpy()
    return table


def weighted_absolute_percentage_error(expected: FloatArray, actual: FloatArray) -> float | None:
    """Return Σ |expected − came| / Σ came; ``None`` where nothing came.

    Examples
    --------
    >>> wape(np.array([3.0, 0.0]), np.array([1.0, 3.0]))
    1.25
    """
    return float(np.abs(expected - actual).sum() / actual.sum()) if actual.sum() else None


def backtest_errors(backtests: Sequence[DemandBacktest], *, draws: int, seed: int) -> pl.DataFrame:
    """Return the errors of all forecasters (`BACKTEST_SCHEMA`), with 95 % intervals.

    Parameters
    ----------
    backtests
        All levels and cutoffs.
    draws, seed
        Resamples behind each interval, and their start.

    Notes
    -----
    ``gap`` is the error less that of seasonal-naive on the same draw. Where products
    are the items they are drawn; else customers of the window that came (each counts as
    often as a Poisson variable of mean 1), while the forecasts stay as they were made.
    Rows of ``pooled`` divide the errors of all tests by all that came.
    """
    rows = [
        row for number, each in enumerate(backtests) for row in _errors(each, draws, seed + number)
    ]
    for level in DEMAND_LEVELS:
        rows += _pooled([each for each in backtests if each.level == level])
    return pl.DataFrame(rows, BACKTEST_SCHEMA)


def _errors(each: DemandBacktest, draws: int, seed: int) -> Iterator[dict[str, Any]]:
    methods = list(each.expected)
    if not each.actual.sum():
        return
    drawn = _drawn(each, methods, draws, seed)
    naive = drawn[:, methods.index(SEASONAL_NAIVE)] if SEASONAL_NAIVE in methods else None
    base = (
        weighted_absolute_percentage_error(each.expected[SEASONAL_NAIVE], each.actual)
        if SEASONAL_NAIVE in methods
        else None
    )
    for column, method in enumerate(methods):
        found = weighted_absolute_percentage_error(each.expected[method], each.actual)
        low, high = np.quantile(drawn[:, column], (0.025, 0.975))
        told = _told(each, method, found) | {"low": float(low), "high": float(high)}
        if naive is not None and base is not None and found is not None:
            ends = np.quantile(drawn[:, column] - naive, (0.025, 0.975))
            gaps = (found - base, float(ends[0]), float(ends[1]))
            told |= dict(zip(("gap", "gap_low", "gap_high"), gaps, strict=True))
        yield told


def _told(each: DemandBacktest, method: str, error: float | None) -> dict[str, Any]:
    return {
        "level": each.level,
        "window": each.window,
        "method": method,
        "items": len(each.items),
        "came": float(each.actual.sum()),
        "expected": float(each.expected[method].sum()),
        "wape": error,
    }


def _drawn(each: DemandBacktest, methods: Sequence[str], draws: int, seed: int) -> FloatArray:
    """Return the error of each method (columns) on each draw (rows)."""
    said = np.column_stack([each.expected[name] for name in methods])
    # Whole numbers add up to the same bits on any number of threads.
    errors = np.rint(np.abs(said - each.actual[:, None]) * MONEY_SCALE)
    came = np.rint(each.actual * MONEY_SCALE)
    rng = np.random.default_rng(seed)
    found = []
    for start in range(0, draws, DRAWS_PER_CHUNK):
        count = min(DRAWS_PER_CHUNK, draws - start)
        if each.batches is None:
            times = rng.poisson(1.0, (count, len(came))).astype(float)
            above, below = times @ errors, times @ came
        else:
            times = rng.poisson(1.0, (count, len(each.batches))).astype(float)
            other = times @ each.batches
            gaps = np.abs(np.rint(said * MONEY_SCALE) - other[:, :, None])
            above, below = np.rint(gaps).sum(axis=1), other.sum(axis=1)
        found.append(above / np.maximum(below, 1.0)[:, None])
    return np.vstack(found)


def _pooled(backtests: Sequence[DemandBacktest]) -> Iterator[dict[str, Any]]:
    for method in dict.fromkeys(name for each in backtests for name in each.expected):
        if all(method in each.expected for each in backtests):
            said = np.concatenate([each.expected[method] for each in backtests])
            came = np.concatenate([each.actual for each in backtests])
            names = {name for each in backtests for name in each.items}
            row = _told(backtests[0], method, weighted_absolute_percentage_error(said, came))
            yield row | {
                "window": POOLED_WINDOWS,
                "items": len(names),
                "came": float(came.sum()),
                "expected": float(said.sum()),
            }


def publishable_levels(
    backtests: Sequence[DemandBacktest], errors: pl.DataFrame, service_level: float
) -> pl.DataFrame:
    """Return for each level whether it may be published, and why (`PUBLISHABLE_LEVELS_SCHEMA`).

    Parameters
    ----------
    backtests
        All levels and cutoffs.
    errors
        Their `backtest_errors`.
    service_level
        Chance with which demand was to be met, to be compared with how often it was.

    Notes
    -----
    A level is published where its WAPE is below that of seasonal-naive in at least two
    tests. ``met`` is the share of items whose order-up-to quantity was enough, at
    dispersions that were learned from earlier tests alone; so the first test has none.
    Dispersions are told apart for fast, middling and slow items (`spread.turnover_classes`).
    """
    levels = [name for name in DEMAND_LEVELS if any(t.level == name for t in backtests)]
    return pl.DataFrame(
        [
            _standing(
                [each for each in backtests if each.level == level],
                errors.filter(pl.col("level") == level),
                service_level,
            )
            for level in levels
        ],
        PUBLISHABLE_LEVELS_SCHEMA,
    )


def _standing(
    backtests: Sequence[DemandBacktest], errors: pl.DataFrame, service: float
) -> dict[str, Any]:
    own = errors.filter((pl.col("method") == SEGMENT_METHOD) & (pl.col("window") != POOLED_WINDOWS))
    judged = own.drop_nulls("gap")
    wins = int((judged["gap"] < 0).sum())
    met = [
        is_met
        for now, each in enumerate(backtests[1:], 1)
        for is_met in _met(backtests[:now], each, service)
    ]
    return {
        "level": backtests[0].level,
        "tests": judged.height,
        "wins": wins,
        "is_published": wins >= MIN_WINS,
        "nearest": _nearest(errors),
        **dict(zip(DISPERSION_COLUMNS, _dispersions(backtests), strict=True)),
        "met": sum(met) / len(met) if met else None,
        "met_of": len(met),
        "reason": _reason(wins, judged.height),
    }


def _nearest(errors: pl.DataFrame) -> str | None:
    pooled = errors.filter(pl.col("window") == POOLED_WINDOWS).drop_nulls("wape")
    told = pooled.sort("wape", maintain_order=True)["method"].to_list()
    return str(told[0]) if told else None


def _reason(wins: int, count: int) -> str:
    if not count:
        return "No test has a window a year before it, so there is nothing to beat."
    tests = f"{wins} of {count} {'test' if count == 1 else 'tests'}"
    if wins >= MIN_WINS:
        return f"Nearer than seasonal-naive in {tests}."
    return f"Nearer than seasonal-naive in {tests}; {MIN_WINS} are asked for."


def _dispersions(backtests: Sequence[DemandBacktest]) -> list[float | None]:
    """Return the dispersion of fast, middling and slow items; that of all for none."""
    said = [each.expected[SEGMENT_METHOD] for each in backtests]
    came = np.concatenate([each.actual for each in backtests])
    which = np.concatenate([turnover_classes(units) for units in said])
    mean = np.concatenate(said)
    whole = negative_binomial_dispersion(mean, came)
    apart = [
        negative_binomial_dispersion(mean[which == one], came[which == one])
        for one in range(len(DISPERSION_COLUMNS))
    ]
    return [whole if alpha is None else alpha for alpha in apart]


def _met(before: Sequence[DemandBacktest], each: DemandBacktest, service: float) -> list[bool]:
    said = each.expected[SEGMENT_METHOD]
    alphas = _dispersions(before)
    if any(alpha is None for alpha in alphas):
        return []
    alpha = np.array(alphas, dtype=float)[turnover_classes(said)]
    enough = negative_binomial_quantile(said, alpha, service) >= np.rint(each.actual)
    return [bool(is_met) for is_met in enough[said > 0]]
