"""Forecast from the current segment alone: one row of a transition matrix."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.baselines._baseline import Baseline, Rows, transitions
from segpredict.classifier.lesson import Floats, Lesson, codes
from segpredict.tables import JSON


@dataclass(frozen=True, slots=True)
class Markov:
    """How often each segment led to each other one.

    Parameters
    ----------
    table
        Row: current segment; column: future segment; rows add up to one.
    name
        The name in the verdict.
    """

    table: Rows
    name: str = "markov"

    def predict(self, customers: pl.DataFrame) -> Floats:
        """Return the row of each customer's current segment."""
        return np.array(self.table)[codes(customers, "state_now")]

    def state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {"kind": self.name, "table": [list(row) for row in self.table]}

    @classmethod
    def from_state(cls, state: JSON) -> "Markov":
        """Return the forecaster that gave a state."""
        return cls(tuple(map(tuple, state["table"])))


def fit(lesson: Lesson) -> Markov:
    """Return the smoothed transition matrix of the training rows."""
    table = transitions(lesson.states, lesson.labels, lesson.classes)
    return Markov(tuple(map(tuple, table.tolist())))


PART = Baseline(
    "markov",
    "Customers move as others in their segment moved before.",
    fit,
    Markov.from_state,
)
