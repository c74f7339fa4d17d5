"""Forecast from the current segment and the one before it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines import _baseline
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import TrainingData, segment_codes
from segpredict.core.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class SecondOrderMarkovChain(StoredState):
    """How often each pair of segments, one after the other, led to each third."""

    # rows: (earlier segment, current segment), row-major; column: future segment
    transition_tensor: _baseline.Rows
    name: str = "markov2"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the row of each customer's last two segments."""
        table = np.array(self.transition_tensor)
        before, now = (segment_codes(customers, f"state_{when}") for when in ("before", "now"))
        return np.asarray(table[before * table.shape[1] + now], dtype=np.float64)


def fit(training_data: TrainingData) -> SecondOrderMarkovChain:
    """Return the second-order matrix, (n + 50 · Markov row) / (N + 50)."""
    size = training_data.n_classes
    pairs = segment_codes(training_data.rows, "state_before") * size + training_data.states
    moves = _baseline.smoothed_transitions(training_data.states, training_data.labels, size)
    usual = np.tile(moves, (size, 1))
    return SecondOrderMarkovChain(_baseline.shrunk_shares(pairs, training_data.labels, usual))


PART = _baseline.Baseline(
    "markov2",
    "Customers move as others with their last two segments moved before.",
    fit,
    SecondOrderMarkovChain.from_state,
    is_usual=False,
)
