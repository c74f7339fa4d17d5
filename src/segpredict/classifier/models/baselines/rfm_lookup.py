"""Forecast from a table of recency × frequency × current segment."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines import _baseline
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import TrainingData, feature_matrix, segment_codes
from segpredict.core.arrays import FloatArray, IntArray

REQUIRED_COLUMNS = ("recency_days", "freq_days_364")
N_QUANTILES = 5


@dataclass(frozen=True, slots=True)
class RfmLookupTable(StoredState):
    """The class mix of each cell, drawn towards the transition matrix."""

    cut_points: _baseline.Rows  # per column, the frozen values that part it into fifths
    # cells × segments: recency fifth, frequency fifth, current segment, row-major
    cell_probabilities: _baseline.Rows
    name: str = "rfm_lookup"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the mix of each customer's cell."""
        table = np.array(self.cell_probabilities)
        return table[_cells(customers, self.cut_points, table.shape[1])]


def fit(training_data: TrainingData) -> RfmLookupTable:
    """Return the table of the training rows, (n + 50 · Markov row) / (N + 50) in each cell."""
    size = training_data.n_classes
    columns = feature_matrix(training_data.rows, REQUIRED_COLUMNS)
    inner = np.arange(1, N_QUANTILES) / N_QUANTILES
    cuts = tuple(
        tuple(np.nanquantile(column, inner, method="lower").tolist()) for column in columns.T
    )
    cells = _cells(training_data.rows, cuts, size)
    moves = _baseline.smoothed_transitions(training_data.states, training_data.labels, size)
    usual = np.tile(moves, (N_QUANTILES**2, 1))
    return RfmLookupTable(cuts, _baseline.shrunk_shares(cells, training_data.labels, usual))


def _cells(customers: pl.DataFrame, cuts: _baseline.Rows, size: int) -> IntArray:
    # Equal values share a fifth; customers without a value stand in the last one.
    columns = feature_matrix(customers, REQUIRED_COLUMNS).T
    recency, frequency = (
        np.searchsorted(np.array(cut, dtype=np.float32), column, side="left")
        for cut, column in zip(cuts, columns, strict=True)
    )
    fifths = recency.astype(np.int64) * N_QUANTILES + frequency
    cells: IntArray = fifths * size + segment_codes(customers, "state_now")
    return cells


PART = _baseline.Baseline(
    "rfm_lookup",
    "Customers move as others with like recency and frequency did.",
    fit,
    RfmLookupTable.from_state,
    REQUIRED_COLUMNS,
)
