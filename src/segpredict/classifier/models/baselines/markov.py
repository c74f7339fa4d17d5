"""Forecast from the current segment alone: one row of a transition matrix."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines._baseline import Baseline, Rows, smoothed_transitions
from segpredict.classifier.training_data import TrainingData, segment_codes
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON


@dataclass(frozen=True, slots=True)
class MarkovChain:
    """How often each segment led to each other one."""

    transition_matrix: Rows  # row: current segment; column: future segment; rows add up to one
    name: str = "markov"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the row of each customer's current segment."""
        return np.array(self.transition_matrix)[segment_codes(customers, "state_now")]

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "kind": self.name,
            "transition_matrix": [list(row) for row in self.transition_matrix],
        }

    @classmethod
    def from_state(cls, state: JSON) -> "MarkovChain":
        """Return the model from its state."""
        return cls(tuple(map(tuple, state["transition_matrix"])))


def fit(training_data: TrainingData) -> MarkovChain:
    """Return the smoothed transition matrix of the training rows."""
    table = smoothed_transitions(
        training_data.states, training_data.labels, training_data.n_classes
    )
    return MarkovChain(tuple(map(tuple, table.tolist())))


PART = Baseline(
    "markov", "Customers move as others in their segment moved before.", fit, MarkovChain.from_state
)
