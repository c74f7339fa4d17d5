"""Forecast from the current segment alone: one row of a transition matrix."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines._baseline import Baseline, Rows, smoothed_transitions
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import TrainingData, segment_codes
from segpredict.core.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class MarkovChain(StoredState):
    """How often each segment led to each other one."""

    transition_matrix: Rows  # row: current segment; column: future segment; rows add up to one
    name: str = "markov"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the row of each customer's current segment."""
        return np.array(self.transition_matrix)[segment_codes(customers, "state_now")]


def fit(training_data: TrainingData) -> MarkovChain:
    """Return the smoothed transition matrix of the training rows."""
    size = training_data.n_classes
    table = smoothed_transitions(training_data.states, training_data.labels, size)
    return MarkovChain(tuple(map(tuple, table.tolist())))


PART = Baseline(
    "markov", "Customers move as others in their segment moved before.", fit, MarkovChain.from_state
)
