"""Backtest sums: predicted and actual amounts by decile and segment, with intervals."""

from collections.abc import Iterator, Mapping, Sequence
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
    **dict.fromkeys(("measure", "model", "actual_basis", "part"), pl.String),
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
    is_included: npt.NDArray[np.bool_]  # whether a row is included, one value per row of the test
    predicted: FloatArray  # predicted amounts, one per row
    actual: Mapping[str, FloatArray]  # actual amounts, by the basis of counting
    windows: int = 1  # length of the outcome
    # 1 for the largest predictions, to 10; 0 for rows that are not included. Computed where not
    # given.
    deciles: IntArray | None = None

    @property
    def decile_of_row(self) -> IntArray:
        """The decile of each row; equal amounts share one."""
        if self.deciles is not None:
            return self.deciles
        positions = np.zeros(len(self.predicted), dtype=np.int64)
        if self.is_included.any():
            bins = metrics.equal_mass_bins(self.predicted[self.is_included], DECILES)
            positions[self.is_included] = DECILES - bins
        return positions


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
        is_included=np.concatenate([each.is_included for each in predictions]),
        predicted=np.concatenate([each.predicted for each in predictions]),
        actual={n: np.concatenate([each.actual[n] for each in predictions]) for n in first.actual},
        deciles=np.concatenate([each.decile_of_row for each in predictions]),
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    """Rows of one prediction in one decile and one segment; all parts are sums of cells."""

    # names of the parts that the cell belongs to
    decile: str
    segment: str
    rows: npt.NDArray[np.intp]  # its rows
    column: int  # column of its first amount in the draws

    def is_in(self, part: str) -> bool:
        return part in (ALL_CUSTOMERS, self.decile, self.segment)


def _cells(
    test: SumBacktest, prediction: PredictedAmount, segments: Sequence[str], start: int
) -> list[_Cell]:
    positions, width, found = prediction.decile_of_row, 1 + len(prediction.actual), list[_Cell]()
    for decile in range(1, DECILES + 1):
        for code, segment in enumerate(segments):
            is_here = prediction.is_included & (positions == decile) & (test.states == code)
            rows, column = np.flatnonzero(is_here), start + width * len(found)
            if len(rows):
                found.append(_Cell(str(decile), segment, rows, column))
    return found


def _backtest_rows(
    test: SumBacktest, segments: Sequence[str], draws: int, seed: int
) -> Iterator[tuple[object, ...]]:
    placed: list[tuple[PredictedAmount, list[_Cell]]] = []
    columns: list[tuple[npt.NDArray[np.intp], FloatArray]] = []
    for prediction in test.predictions:
        cells = _cells(test, prediction, segments, len(columns))
        amounts = (prediction.predicted, *prediction.actual.values())
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
                for name, *figures in _figures(prediction, inside, sums, spread):
                    yield (*head, name, part, *figures)


def _figures(
    prediction: PredictedAmount, cells: Sequence[_Cell], sums: FloatArray, spread: FloatArray
) -> Iterator[tuple[object, ...]]:
    """Yield basis, customers, predicted and actual sum, ratio, and their ends, by basis."""
    n = sum(len(cell.rows) for cell in cells)
    positions = np.array([cell.column for cell in cells])
    predicted, drawn_predicted = sums[positions].sum(), spread[:, positions].sum(axis=1)
    for step, name in enumerate(prediction.actual, 1):
        actual = sums[positions + step].sum()
        drawn_actual = spread[:, positions + step].sum(axis=1)
        yield (
            *(name, n, float(predicted), float(actual)),
            *bootstrap.percentile_interval(drawn_actual),
            float(bootstrap.safe_ratio(actual, predicted)),
            *bootstrap.percentile_interval(bootstrap.safe_ratio(drawn_actual, drawn_predicted)),
        )


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
