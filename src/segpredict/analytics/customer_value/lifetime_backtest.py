"""Backtest lifetime values: predicted values against actual spend."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.classifier.evaluation import bootstrap
from segpredict.core.arrays import FloatArray

REFERENCE_METHOD = "last_year"  # chosen before any result was seen
VALUE_ERRORS_SCHEMA = {
    "window": pl.String,
    "windows": pl.Int64,
    "days": pl.Int64,
    "method": pl.String,
    "metric": pl.String,
    "n": pl.Int64,
    **dict.fromkeys(
        ("value", "low", "high", "difference", "difference_low", "difference_high"), pl.Float64
    ),
}


@dataclass(frozen=True, slots=True)
class ValueBacktest:
    """Predicted and actual values of some windows after one day."""

    window: str  # the day, as ISO text
    # length of the outcome
    windows: int
    days: int
    customers: npt.NDArray[np.str_]  # customers, one a row
    # value by method, row by row; `REFERENCE_METHOD` among them
    predicted: Mapping[str, FloatArray]
    actual: FloatArray  # actual spend, discounted like the predictions


def value_errors(spans: Sequence[ValueBacktest], *, draws: int, seed: int) -> pl.DataFrame:
    """Return the errors of every method on every backtest.

    The mean absolute error favours methods that predict too little, the squared error depends on a
    few large customers: both are reported. Rows are drawn; ``rank`` has no interval.
    """
    rows = [row for span in spans for row in _errors(span, draws, seed)]
    table = pl.DataFrame(rows, VALUE_ERRORS_SCHEMA, orient="row")
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))


def _errors(span: ValueBacktest, draws: int, seed: int) -> Iterator[tuple[object, ...]]:
    tables = {name: _columns(predicted, span.actual) for name, predicted in span.predicted.items()}
    plain = {name: _figures(each.sum(axis=0)[None]) for name, each in tables.items()}
    by = bootstrap.Resampling(draws, seed)
    drawn_sums = by.sums([span.customers], np.hstack(list(tables.values())))
    parts = np.split(drawn_sums, len(tables), axis=1)
    spread = {name: _figures(part) for name, part in zip(tables, parts, strict=True)}
    head, n = (span.window, span.windows, span.days), len(span.actual)
    for name, predicted in span.predicted.items():
        for metric, value in plain[name].items():
            difference = float(value[0] - plain[REFERENCE_METHOD][metric][0])
            drawn = spread[name][metric]
            yield (
                *(*head, name, metric, n, float(value[0])),
                *bootstrap.percentile_interval(drawn),
                difference,
                *bootstrap.percentile_interval(drawn - spread[REFERENCE_METHOD][metric]),
            )
        rank = _spearman(predicted, span.actual)
        error = rank - _spearman(span.predicted[REFERENCE_METHOD], span.actual)
        nothing = (None, None)
        yield (*head, name, "rank", n, rank, *nothing, error, *nothing)


def _columns(predicted: FloatArray, actual: FloatArray) -> FloatArray:
    error = predicted - actual
    columns = (predicted, actual, np.abs(error), error**2, np.ones(len(predicted)))
    return np.column_stack([bootstrap.round_amounts(column) for column in columns])


def _figures(sums: FloatArray) -> dict[str, FloatArray]:
    predicted, actual, absolute, squared, n = sums.T
    total = bootstrap.safe_ratio(actual, predicted)
    return {"total": total, "mae": absolute / n, "rmse": np.sqrt(squared / n)}


def _spearman(one: FloatArray, other: FloatArray) -> float:
    """Return the correlation of ranks; NaN where one of them is the same for all."""
    from scipy.stats import rankdata

    first, second = rankdata(one), rankdata(other)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
