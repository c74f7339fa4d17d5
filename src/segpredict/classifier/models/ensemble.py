"""The model: boosted trees that begin where a pool of simple forecasts ends.

BG/NBD knows when customers buy, the Markov chain how segments follow each other; the trees learn
from all columns what the two leave to explain.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models import pool, xgboost
from segpredict.classifier.models.pool import LogLinearPool, at_level, best_level
from segpredict.classifier.models.xgboost import XgboostModel, margin_probabilities
from segpredict.classifier.training_data import TrainingData
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON
from segpredict.core.window import as_date

NAME = "ensemble"
LEVEL_SHARE = 0.5  # share of the newest origin's error in level that is carried over


@dataclass(frozen=True, slots=True)
class EnsembleModel:
    """A pool of simple forecasts, and boosted trees on top of it."""

    pool: LogLinearPool  # BG/NBD and the Markov chain
    xgboost_model: XgboostModel  # the trees; their margin is added to that of the pool
    # what is added to the log-odds of INACTIVE for all customers: how active the shop has been of
    # late against what pool and trees say
    level: float = 0.0
    name: str = NAME  # the name in the evaluation
    note: str = ""  # a note on the fit for the reader

    def predict_margin(self, customers: pl.DataFrame) -> FloatArray:
        """Return the log-odds of each segment, up to a constant for each customer."""
        margin = self.pool.predict_margin(customers) + self.xgboost_model.predict_margin(customers)
        return at_level(margin, self.level)

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer, in code order of segments."""
        return margin_probabilities(self.predict_margin(customers))

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "kind": self.name,
            "pool": self.pool.to_state(),
            "xgboost_model": self.xgboost_model.to_state(),
            "level": self.level,
        }

    @classmethod
    def from_state(cls, state: JSON) -> "EnsembleModel":
        """Return the model from its state."""
        trees = XgboostModel.from_state(state["xgboost_model"])
        return cls(LogLinearPool.from_state(state["pool"]), trees, state["level"])


def describe_fit(model: EnsembleModel, training_data: TrainingData) -> dict[str, JSON]:
    """Return what the model was fitted on, and how large its parts became."""
    rows, simple, trees = training_data.rows, model.pool, model.xgboost_model
    origins = rows["cutoff"].unique().sort()
    return {
        "rows": rows.height,
        "customers": rows["customer_id"].n_unique(),
        "origins": [as_date(day).isoformat() for day in origins],
        "features": len(trees.feature_names),
        "rounds": trees.n_rounds,
        "trees": trees.n_rounds * trees.n_classes,
        "weights": {
            **(
                {simple.purchase_model.name: simple.purchase_weight}
                if simple.purchase_model
                else {}
            ),
            simple.markov_chain.name: simple.markov_weight,
        },
        "level": model.level,
    }


def fit(training_data: TrainingData) -> EnsembleModel:
    """Return the pool and the trees, fitted on all that is known.

    Half of what they get wrong in level at the newest training origin is carried over. Over the
    shops of docs/decisions/experiments.md half of it gains where activity drifts and costs next to
    nothing elsewhere; all of it, or the error of the last window, do not.
    """
    simple, start, note = pool.fit(training_data)
    trees = xgboost.fit(training_data, start=start)
    cutoffs = training_data.rows["cutoff"].to_numpy()
    newest = np.flatnonzero(cutoffs == cutoffs.max())
    margin = start[newest] + trees.predict_margin(training_data.rows[newest])
    level = LEVEL_SHARE * best_level(margin, training_data.labels[newest])
    return EnsembleModel(simple, trees, level, note=note)
