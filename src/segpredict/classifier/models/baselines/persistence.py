"""Forecast that customers stay where they are, at an estimated error rate."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines._baseline import Baseline, smoothed_shares
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import TrainingData, segment_codes
from segpredict.core.arrays import FloatArray

ERROR_RATES = np.linspace(0.01, 0.99, 99)


@dataclass(frozen=True, slots=True)
class Persistence(StoredState):
    """The current segment with probability 1 − ε, else the class mix of the past."""

    error_rate: float  # the ε above
    class_mix: tuple[float, ...]  # share of each segment, in code order
    name: str = "persistence"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return (1 − ε)·1{z} + ε·π for each customer."""
        mix = np.array(self.class_mix)
        stay = np.eye(len(mix))[segment_codes(customers, "state_now")]
        return (1 - self.error_rate) * stay + self.error_rate * mix


def fit(training_data: TrainingData) -> Persistence:
    """Return the current segment, with the error rate that fits the training rows best.

    It stays so small that the current segment is the likeliest one for everybody.
    """
    classes = training_data.n_classes
    mix = smoothed_shares(training_data.labels, classes)
    return Persistence(_best_error_rate(training_data, mix), tuple(mix.tolist()))


def _best_error_rate(training_data: TrainingData, mix: FloatArray) -> float:
    rates = ERROR_RATES[ERROR_RATES * (1 + np.ptp(mix)) < 1]
    labels = training_data.labels
    stays = (training_data.states == labels)[:, None]
    likelihoods = (1 - rates) * stays + rates * mix[labels][:, None]
    losses = -np.log(likelihoods).mean(axis=0)
    return float(rates[int(losses.argmin())])


PART = Baseline("persistence", "Customers stay in their segment.", fit, Persistence.from_state)
