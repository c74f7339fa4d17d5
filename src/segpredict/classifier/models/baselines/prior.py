"""Forecast the class mix of the training rows for all customers."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines._baseline import Baseline, smoothed_shares
from segpredict.classifier.training_data import TrainingData
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON


@dataclass(frozen=True, slots=True)
class ClassPrior:
    """The shares of the future segments over all training rows."""

    class_mix: tuple[float, ...]  # share of each segment, in code order
    name: str = "prior"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the same row for each customer."""
        return np.tile(np.array(self.class_mix), (customers.height, 1))

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {"kind": self.name, "class_mix": list(self.class_mix)}

    @classmethod
    def from_state(cls, state: JSON) -> "ClassPrior":
        """Return the model from its state."""
        return cls(tuple(state["class_mix"]))


def fit(training_data: TrainingData) -> ClassPrior:
    """Return the smoothed class shares of the training rows."""
    return ClassPrior(
        tuple(smoothed_shares(training_data.labels, training_data.n_classes).tolist())
    )


PART = Baseline("prior", "All customers get the class mix of the past.", fit, ClassPrior.from_state)
