"""Forecast that customers stay where they are, with some doubt."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines._baseline import Baseline, smoothed_shares
from segpredict.classifier.training_data import TrainingData, segment_codes
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON

ERROR_RATES = np.linspace(0.01, 0.99, 99)


@dataclass(frozen=True, slots=True)
class Persistence:
    """The current segment with probability 1 − ε, else the class mix of the past.

    Parameters
    ----------
    doubt
        The ε above.
    mix
        Share of each segment, in code order.
    name
        The name in the verdict.
    """

    doubt: float
    mix: tuple[float, ...]
    name: str = "persistence"

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return (1 − ε)·1{z} + ε·π for each customer."""
        mix = np.array(self.mix)
        stay = np.eye(len(mix))[segment_codes(customers, "state_now")]
        return (1 - self.doubt) * stay + self.doubt * mix

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {"kind": self.name, "doubt": self.doubt, "mix": list(self.mix)}

    @classmethod
    def from_state(cls, state: JSON) -> "Persistence":
        """Return the forecaster that gave a state."""
        return cls(state["doubt"], tuple(state["mix"]))


def fit(training_data: TrainingData) -> Persistence:
    """Return the current segment, with the doubt that served validation best.

    Notes
    -----
    The doubt stays so small that the current segment is the likeliest one for
    everybody: with more, this would turn into the prior. Without validation origins it
    is chosen on the training rows; thousands of rows do not over-fit one number.
    """
    mix = smoothed_shares(training_data.labels, training_data.n_classes)
    if not training_data.validation_origins:
        doubt = _doubt(training_data, mix, mix)
    else:
        known, later = (
            training_data.at_cutoffs(training_data.fit_origins),
            training_data.at_cutoffs(training_data.validation_origins),
        )
        doubt = _doubt(later, smoothed_shares(known.labels, training_data.n_classes), mix)
    return Persistence(doubt, tuple(mix.tolist()))


def _doubt(training_data: TrainingData, history: FloatArray, mix: FloatArray) -> float:
    spread = max(np.ptp(history), np.ptp(mix))
    doubts = ERROR_RATES[ERROR_RATES * (1 + spread) < 1]
    labels: IntArray = training_data.labels
    stays = (training_data.states == labels)[:, None]
    chances = (1 - doubts) * stays + doubts * history[labels][:, None]
    losses = -np.log(chances).mean(axis=0)
    return float(doubts[int(losses.argmin())])


PART = Baseline("persistence", "Customers stay in their segment.", fit, Persistence.from_state)
