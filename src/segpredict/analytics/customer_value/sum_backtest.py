"""Backtest sums: predicted and actual amounts by decile and segment, with intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from segpredict.classifier import metrics
from segpredict.classifier.evaluation import bootstrap
from segpredict.classifier.evaluation.results import POOLED_WINDOWS
from segpredict.core.arrays import FloatArray, IntArray

DECILES = 10
ALL_CUSTOMERS = "all"
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
    first = predictions[0]
    return replace(
        first,
        predicted=np.concatenate([each.predicted for each in predictions]),
        actual=np.concatenate([each.actual for each in predictions]),
        deciles=np.concatenate([each.decile_of_row for each in predictions]),
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    """Rows of one prediction in one decile and one segment; all parts are sums of cells."""

    # names of the parts that the cell belongs to
    decile: str
    segment: str
    rows: npt.NDArray[np.intp]  # its rows
    column: int  # column of its predicted amount in the draws; the next one is the actual

    def is_in(self, part: str) -> bool:
        return part in (ALL_CUSTOMERS, self.decile, self.segment)


def _cells(
    test: SumBacktest, prediction: PredictedAmount, segments: Sequence[str], start: int
) -> list[_Cell]:
    positions, found = prediction.decile_of_row, list[_Cell]()
    for decile in range(1, DECILES + 1):
        for code, segment in enumerate(segments):
            rows = np.flatnonzero((positions == decile) & (test.states == code))
            if len(rows):
                found.append(_Cell(str(decile), segment, rows, start + 2 * len(found)))
    return found


def _backtest_rows(
    test: SumBacktest, segments: Sequence[str], draws: int, seed: int
) -> Iterator[tuple[object, ...]]:
    placed: list[tuple[PredictedAmount, list[_Cell]]] = []
    columns: list[tuple[npt.NDArray[np.intp], FloatArray]] = []
    for prediction in test.predictions:
        cells = _cells(test, prediction, segments, len(columns))
        amounts = (prediction.predicted, prediction.actual)
        columns += [(cell.rows, amount) for cell in cells for amount in amounts]
        placed.append((prediction, cells))
    if not columns:
        return
    sums, spread = _drawn(test.customers, columns, draws, seed)
    parts = (ALL_CUSTOMERS, *(str(decile + 1) for decile in range(DECILES)), *segments)
    for prediction, cells in placed:
        head = (test.window, prediction.windows, prediction.measure, prediction.model)
        for part in parts:
            inside = [cell for cell in cells if cell.is_in(part)]
            if inside:
                yield (*head, part, *_figures(inside, sums, spread))


def _figures(cells: Sequence[_Cell], sums: FloatArray, spread: FloatArray) -> Iterator[float]:
    """Yield customers, predicted and actual sum with its interval, and their ratio with its own."""
    positions = np.array([cell.column for cell in cells])
    predicted, drawn_predicted = sums[positions].sum(), spread[:, positions].sum(axis=1)
    actual, drawn_actual = sums[positions + 1].sum(), spread[:, positions + 1].sum(axis=1)
    yield from (sum(len(cell.rows) for cell in cells), float(predicted), float(actual))
    yield from bootstrap.percentile_interval(drawn_actual)
    yield float(bootstrap.safe_ratio(actual, predicted))
    yield from bootstrap.percentile_interval(bootstrap.safe_ratio(drawn_actual, drawn_predicted))


def _drawn(
    customers: npt.NDArray[np.str_],
    columns: Sequence[tuple[npt.NDArray[np.intp], FloatArray]],
    draws: int,
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the sum of each column as it is, and over draws of customers."""
    members, size = bootstrap.number_customers([customers])
    held = [bootstrap.round_amounts(amount[rows]) for rows, amount in columns]
    table = sparse.csc_matrix(
        (
            np.concatenate(held),
            np.concatenate([members[rows] for rows, _ in columns]),
            np.cumsum([0, *(len(each) for each in held)]),
        ),
        shape=(size, len(columns)),
    )
    turned, rng = table.T.tocsr(), np.random.default_rng(seed)
    drawn = [(turned @ weights.T).T for weights in bootstrap.draw_weights(rng, draws, size)]
    return np.array([float(each.sum()) for each in held]), np.concatenate(drawn)
