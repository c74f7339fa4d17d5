"""The model: boosted trees that begin where a pool of simple forecasts ends.

BG/NBD knows when customers buy, the Markov chain how segments follow each other; the trees learn
from all columns what the two leave to explain.
"""

from dataclasses import dataclass

import polars as pl

from segpredict.classifier.models import pool, xgboost
from segpredict.classifier.models.pool import LogLinearPool
from segpredict.classifier.models.xgboost import XgboostModel, margin_probabilities
from segpredict.classifier.training_data import TrainingData
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON

NAME = "ensemble"


@dataclass(frozen=True, slots=True)
class EnsembleModel:
    """A pool of simple forecasts, and boosted trees on top of it.

    Parameters
    ----------
    pool
        BG/NBD and the Markov chain.
    xgboost_model
        The trees; their margin is added to that of the pool.
    name
        The name in the evaluation.
    note
        A note on the fit for the reader.
    """

    pool: LogLinearPool
    xgboost_model: XgboostModel
    name: str = NAME
    note: str = ""

    def predict_margin(self, customers: pl.DataFrame) -> FloatArray:
        """Return the log-odds of each segment, up to a constant for each customer."""
        return self.pool.predict_margin(customers) + self.xgboost_model.predict_margin(customers)

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer, in code order of segments."""
        return margin_probabilities(self.predict_margin(customers))

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "kind": self.name,
            "pool": self.pool.to_state(),
            "xgboost_model": self.xgboost_model.to_state(),
        }

    @classmethod
    def from_state(cls, state: JSON) -> "EnsembleModel":
        """Return the model from its state."""
        trees = XgboostModel.from_state(state["xgboost_model"])
        return cls(LogLinearPool.from_state(state["pool"]), trees)


def fit(training_data: TrainingData) -> EnsembleModel:
    """Return the pool and the trees, fitted on all that is known."""
    simple, start, note = pool.fit(training_data)
    trees = xgboost.fit(training_data, start=start)
    return EnsembleModel(simple, trees, note=note)
