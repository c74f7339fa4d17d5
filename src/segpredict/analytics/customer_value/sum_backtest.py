"""Backtest sums: predicted and actual amounts by decile and segment, with intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from segpredict.classifier import metrics
from segpredict.classifier.evaluation import bootstrap
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.segment import ALL_CUSTOMERS

DECILES = 10
VALUE_SUMS_SCHEMA = {
    "window": pl.String,
    "windows": pl.Int64,
    **dict.fromkeys(("measure", "model", "part"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(
        ("predicted", "actual", "low", "high", "ratio", "ratio_low", "ratio_high"), pl.Float64
    ),
}


@dataclass(frozen=True, slots=True)
class PredictedAmount:
    """An amount predicted for customers, with the actual amounts."""

    measure: str  # what was predicted
    model: str  # which model predicted it
    # predicted and actual amounts, one per row of the test
    predicted: FloatArray
    actual: FloatArray
    windows: int = 1  # length of the outcome
    # 1 for the largest predictions, to 10; computed where not given
    deciles: IntArray | None = None

    @property
    def decile_of_row(self) -> IntArray:
        """The decile of each row; equal amounts share one."""
        if self.deciles is not None:
            return self.deciles
        return DECILES - metrics.equal_mass_bins(self.predicted, DECILES)


@dataclass(frozen=True, slots=True)
class SumBacktest:
    """All predictions for the customers of one backtest."""

    window: str  # the day, as ISO text
    # customers and their current segments, one a row
    customers: npt.NDArray[np.str_]
    states: IntArray
    predictions: tuple[PredictedAmount, ...]  # the predictions


def compare_sums(
    backtests: Sequence[SumBacktest], segments: Sequence[str], *, draws: int, seed: int
) -> pl.DataFrame:
    """Return predicted and actual sums, with intervals over other customers in the same windows."""
    whole = [_pooled(backtests)] if len(backtests) > 1 else []
    rows = [
        row for test in (*backtests, *whole) for row in _backtest_rows(test, segments, draws, seed)
    ]
    return pl.DataFrame(rows, VALUE_SUMS_SCHEMA, orient="row").with_columns(
        pl.col("low", "high", "ratio", "ratio_low", "ratio_high").fill_nan(None)
    )


def _pooled(tests: Sequence[SumBacktest]) -> SumBacktest:
    held = [{(c.measure, c.model): c for c in t.predictions if c.windows == 1} for t in tests]
    shared = [key for key in held[0] if all(key in each for each in held)]
    return SumBacktest(
        POOLED_WINDOWS,
        np.concatenate([test.customers for test in tests]),
        np.concatenate([test.states for test in tests]),
        tuple(_joined([each[key] for each in held]) for key in shared),
    )


def _joined(predictions: Sequence[PredictedAmount]) -> PredictedAmount:
    return replace(
        predictions[0],
        predicted=np.concatenate([each.predicted for each in predictions]),
        actual=np.concatenate([each.actual for each in predictions]),
        deciles=np.concatenate([each.decile_of_row for each in predictions]),
    )


def _backtest_rows(
    test: SumBacktest, segments: Sequence[str], draws: int, seed: int
) -> Iterator[tuple[object, ...]]:
    # Every part is a sum of cells: rows of one decile and one segment.
    parts: dict[str, Any] = {ALL_CUSTOMERS: np.s_[..., :, :]}
    parts |= {str(i + 1): np.s_[..., i : i + 1, :] for i in range(DECILES)}
    parts |= {name: np.s_[..., code : code + 1] for code, name in enumerate(segments)}
    cells = [(each.decile_of_row - 1) * len(segments) + test.states for each in test.predictions]
    shape = DECILES, len(segments)
    plain, drawn = _cell_sums(test, cells, shape, draws, seed)
    for number, (prediction, cell) in enumerate(zip(test.predictions, cells, strict=True)):
        n = np.bincount(cell, minlength=DECILES * len(segments)).reshape(shape)
        head = (test.window, prediction.windows, prediction.measure, prediction.model)
        for part, inside in parts.items():
            if n[inside].any():
                sums = plain[number][inside].sum(axis=(-2, -1))
                spread = drawn[:, number][inside].sum(axis=(-2, -1))
                yield (*head, part, int(n[inside].sum()), *_figures(sums, spread))


def _cell_sums(
    test: SumBacktest, cells: Sequence[IntArray], shape: tuple[int, int], draws: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return sums by prediction, amount (predicted, actual), decile and segment; and over draws."""
    amounts = [amount for each in test.predictions for amount in (each.predicted, each.actual)]
    size = shape[0] * shape[1]
    places = [cells[i // 2] + i * size for i in range(len(amounts))]
    members, count = bootstrap.number_customers([test.customers])
    table = sparse.coo_array(
        (
            np.concatenate([bootstrap.round_amounts(amount) for amount in amounts]),
            (np.concatenate(places), np.tile(members, len(amounts))),
        ),
        shape=(len(amounts) * size, count),
    ).tocsr()
    rng = np.random.default_rng(seed)
    drawn = [(table @ weights.T).T for weights in bootstrap.draw_weights(rng, draws, count)]
    by_amount = (-1, len(test.predictions), 2, *shape)
    return table.sum(axis=1).reshape(by_amount)[0], np.concatenate(drawn).reshape(by_amount)


def _figures(sums: FloatArray, spread: FloatArray) -> Iterator[float]:
    """Yield predicted and actual sum with its interval, and their ratio with its own."""
    yield from sums.tolist()
    yield from bootstrap.percentile_interval(spread[:, 1])
    yield float(bootstrap.safe_ratio(sums[1], sums[0]))
    yield from bootstrap.percentile_interval(bootstrap.safe_ratio(spread[:, 1], spread[:, 0]))
