"""Forecast the class mix of the training rows for all customers."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines._baseline import Baseline, smoothed_shares
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import TrainingData
from segpredict.core.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class ClassPrior(StoredState):
    """The shares of the future segments over all training rows."""

    class_mix: tuple[float, ...]  # share of each segment, in code order
    name: str = "prior"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the same row for each customer."""
        return np.tile(np.array(self.class_mix), (customers.height, 1))


def fit(training_data: TrainingData) -> ClassPrior:
    """Return the smoothed class shares of the training rows."""
    mix = smoothed_shares(training_data.labels, training_data.n_classes)
    return ClassPrior(tuple(mix.tolist()))


PART = Baseline("prior", "All customers get the class mix of the past.", fit, ClassPrior.from_state)
