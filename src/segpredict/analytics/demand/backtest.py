"""Backtest demand forecasts, and decide which levels may be published."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from segpredict.analytics.demand import forecast
from segpredict.analytics.demand.forecast import SEASONAL_NAIVE, SEGMENT_METHOD, LevelForecast
from segpredict.analytics.demand.sales import DEMAND_LEVELS, NO_CATEGORY, PRODUCT_LEVEL, WindowSales
from segpredict.classifier.evaluation import bootstrap
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import as_date

MIN_TESTS = 2  # tests without which no method of a level can be chosen
BACKTEST_SCHEMA = {
    "level": pl.String,
    "window": pl.String,
    "method": pl.String,
    "items": pl.Int64,
    **dict.fromkeys(("actual", "expected", "wape", "low", "high"), pl.Float64),
    **dict.fromkeys(("difference", "difference_low", "difference_high"), pl.Float64),
}
DISPERSION_COLUMNS = ("dispersion_fast", "dispersion_middling", "dispersion_slow")
PUBLISHABLE_LEVELS_SCHEMA = {
    "level": pl.String,
    "tests": pl.Int64,
    "wins": pl.Int64,
    "is_published": pl.Boolean,
    "best_method": pl.String,
    **dict.fromkeys(DISPERSION_COLUMNS, pl.Float64),
    "service_met": pl.Float64,
    "service_tests": pl.Int64,
    "reason": pl.String,
}


@dataclass(frozen=True)
class DemandBacktest:
    """The forecasts of one level at one backtest, and the actual units."""

    # which
    level: str
    cutoff: int
    items: tuple[str, ...]  # all items that were forecast or sold
    expected: Mapping[str, FloatArray]  # units by method; zero for items unknown to it
    actual: FloatArray  # actual units
    # the same by group of customers (rows) and item, in whole units of 10⁻⁴; ``None`` where
    # products are resampled instead
    batches: FloatArray | None

    @property
    def window(self) -> str:
        """The day of the test, as text."""
        return as_date(self.cutoff).isoformat()


def backtest_level(forecast: LevelForecast, cutoff: int, sales: WindowSales) -> DemandBacktest:
    """Return forecast and actual units of one level."""
    level = forecast.level
    actual = sales.purchases[level].drop_nulls().unique().to_list()
    items = tuple(sorted({*forecast.items, *actual} - {NO_CATEGORY}))
    expected = {}
    for method, units in forecast.expected.items():
        unit_of = dict(zip(forecast.items, units.tolist(), strict=True))
        expected[method] = np.array([unit_of.get(name, 0.0) for name in items])
    batches = None if level == PRODUCT_LEVEL else _batches(sales, level, items)
    return DemandBacktest(level, cutoff, items, expected, sales.units_sold(level, items), batches)


def _batches(sold: WindowSales, level: str, items: Sequence[str]) -> FloatArray:
    position = {name: i for i, name in enumerate(items)}
    buyers = sold.purchases["customer_id"].rank("dense") - 1
    cells = (
        sold.purchases.with_columns(batch=buyers % bootstrap.MAX_RESAMPLING_UNITS)
        .group_by("batch", level)
        .agg(pl.col("units").sum())
        .with_columns(pl.col(level).cast(pl.String))
        .filter(pl.col(level).is_in(items))
    )
    count = min(sold.purchases["customer_id"].n_unique(), bootstrap.MAX_RESAMPLING_UNITS)
    table = np.zeros((count, len(items)))
    columns = [position[name] for name in cells[level].to_list()]
    table[cells["batch"].to_numpy(), columns] = cells["units"].to_numpy()
    return table


def weighted_absolute_percentage_error(expected: FloatArray, actual: FloatArray) -> float | None:
    """Return Σ |expected − actual| / Σ actual; ``None`` where nothing was sold.

    >>> weighted_absolute_percentage_error(np.array([3.0, 0.0]), np.array([1.0, 3.0]))
    1.25
    """
    return float(np.abs(expected - actual).sum() / actual.sum()) if actual.sum() else None


def backtest_errors(backtests: Sequence[DemandBacktest], *, draws: int, seed: int) -> pl.DataFrame:
    """Return the errors of all methods (`BACKTEST_SCHEMA`), with 95 % intervals.

    ``difference`` is the error minus that of seasonal-naive on the same draw: of products, or else
    of customers (each counts as often as a Poisson variable of mean 1). ``pooled`` is of all tests.
    """
    rows: list[dict[str, Any]] = []
    for number, each in enumerate(backtests):
        rows += _errors(each, draws, seed + number)
    for level in DEMAND_LEVELS:
        rows += _pooled([each for each in backtests if each.level == level])
    return pl.DataFrame(rows, BACKTEST_SCHEMA)


def _errors(each: DemandBacktest, draws: int, seed: int) -> Iterator[dict[str, Any]]:
    if not each.actual.sum():
        return
    drawn = dict(zip(each.expected, _drawn(each, draws, seed).T, strict=True))
    naive = each.expected.get(SEASONAL_NAIVE)
    base = None if naive is None else weighted_absolute_percentage_error(naive, each.actual)
    for method, expected in each.expected.items():
        row = _error_row(each.level, each.window, method, len(each.items), expected, each.actual)
        row["low"], row["high"] = bootstrap.percentile_interval(drawn[method])
        if base is not None:
            row["difference"] = row["wape"] - base
            ends = bootstrap.percentile_interval(drawn[method] - drawn[SEASONAL_NAIVE])
            row["difference_low"], row["difference_high"] = ends
        yield row


def _pooled(backtests: Sequence[DemandBacktest]) -> Iterator[dict[str, Any]]:
    for method in dict.fromkeys(name for each in backtests for name in each.expected):
        if all(method in each.expected for each in backtests):
            expected = np.concatenate([each.expected[method] for each in backtests])
            actual = np.concatenate([each.actual for each in backtests])
            count = len({name for each in backtests for name in each.items})
            level = backtests[0].level
            yield _error_row(level, POOLED_WINDOWS, method, count, expected, actual)


def _error_row(
    level: str, window: str, method: str, items: int, expected: FloatArray, actual: FloatArray
) -> dict[str, Any]:
    return {
        "level": level,
        "window": window,
        "method": method,
        "items": items,
        "actual": float(actual.sum()),
        "expected": float(expected.sum()),
        "wape": weighted_absolute_percentage_error(expected, actual),
    }


def _drawn(each: DemandBacktest, draws: int, seed: int) -> FloatArray:
    """Return the error of each method (columns) on each draw (rows)."""
    predicted = np.column_stack(list(each.expected.values()))
    # Whole numbers add up to the same bits on any number of threads.
    errors = np.rint(np.abs(predicted - each.actual[:, None]) * MONEY_SCALE)
    actual = np.rint(each.actual * MONEY_SCALE)
    rng = np.random.default_rng(seed)
    found = []
    for start in range(0, draws, bootstrap.DRAWS_PER_CHUNK):
        count = min(bootstrap.DRAWS_PER_CHUNK, draws - start)
        if each.batches is None:
            times = rng.poisson(1.0, (count, len(actual))).astype(float)
            above, below = times @ errors, times @ actual
        else:
            times = rng.poisson(1.0, (count, len(each.batches))).astype(float)
            other = times @ each.batches
            differences = np.abs(np.rint(predicted * MONEY_SCALE) - other[:, :, None])
            above, below = np.rint(differences).sum(axis=1), other.sum(axis=1)
        found.append(above / np.maximum(below, 1.0)[:, None])
    return np.vstack(found)


def publishable_levels(
    backtests: Sequence[DemandBacktest], errors: pl.DataFrame, service_level: float
) -> pl.DataFrame:
    """Return for each level the method that is shown, and why (`PUBLISHABLE_LEVELS_SCHEMA`).

    It is the one with the lowest WAPE over all tests, if there are two. ``service_met`` is the
    share of items whose order-up-to quantity was enough, with the dispersions of earlier tests.
    """
    by_level = {level: [t for t in backtests if t.level == level] for level in DEMAND_LEVELS}
    rows = [
        _level_row(tests, errors.filter(level=level), service_level)
        for level, tests in by_level.items()
        if tests
    ]
    return pl.DataFrame(rows, PUBLISHABLE_LEVELS_SCHEMA)


def _level_row(
    backtests: Sequence[DemandBacktest], errors: pl.DataFrame, service: float
) -> dict[str, Any]:
    pooled = errors.filter(pl.col("window") == POOLED_WINDOWS).drop_nulls("wape")
    best = str(pooled.sort("wape", maintain_order=True)["method"].first() or SEGMENT_METHOD)
    own = errors.filter((pl.col("method") == best) & (pl.col("window") != POOLED_WINDOWS))
    tests, compared = own.drop_nulls("wape").height, own.drop_nulls("difference")
    wins = int((compared["difference"] < 0).sum())
    is_enough: list[bool] = []
    for now, each in enumerate(backtests[1:], 1):
        is_enough += _is_enough(backtests[:now], each, best, service)
    return {
        "level": backtests[0].level,
        "tests": tests,
        "wins": wins,
        "is_published": tests >= MIN_TESTS,
        "best_method": best,
        **dict(zip(DISPERSION_COLUMNS, _dispersions(backtests, best), strict=True)),
        "service_met": sum(is_enough) / len(is_enough) if is_enough else None,
        "service_tests": len(is_enough),
        "reason": _reason(best, tests, wins, compared.height),
    }


def _reason(method: str, tests: int, wins: int, compared: int) -> str:
    if tests < MIN_TESTS:
        return f"Too few backtests, {tests}: {MIN_TESTS} are required to choose a method."
    found = f"The lowest error of all methods over {tests} backtests"
    if method == SEASONAL_NAIVE:
        return f"{found}: nothing was nearer than the same window of last year."
    if not compared:
        return f"{found}; there is no window of last year to compare it with."
    return f"{found}, and nearer than the same window of last year in {wins} of {compared}."


def _dispersions(backtests: Sequence[DemandBacktest], method: str) -> list[float | None]:
    """Return the dispersion of fast, middling and slow items; that of all for none."""
    predicted = [each.expected[method] for each in backtests]
    actual = np.concatenate([each.actual for each in backtests])
    which = np.concatenate([forecast.turnover_classes(units) for units in predicted])
    mean = np.concatenate(predicted)
    whole = forecast.negative_binomial_dispersion(mean, actual)
    by_class = [
        forecast.negative_binomial_dispersion(mean[which == one], actual[which == one])
        for one in range(len(DISPERSION_COLUMNS))
    ]
    return [whole if alpha is None else alpha for alpha in by_class]


def _is_enough(
    earlier: Sequence[DemandBacktest], each: DemandBacktest, method: str, service: float
) -> list[bool]:
    if any(method not in one.expected for one in (*earlier, each)):
        return []
    predicted = each.expected[method]
    alphas = _dispersions(earlier, method)
    if any(alpha is None for alpha in alphas):
        return []
    alpha = np.array(alphas, dtype=float)[forecast.turnover_classes(predicted)]
    enough = forecast.negative_binomial_quantile(predicted, alpha, service) >= np.rint(each.actual)
    return [bool(is_met) for is_met in enough[predicted > 0]]
