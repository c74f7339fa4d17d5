"""The model: boosted trees that begin where simple forecasts end.

BG/NBD knows when customers buy, the Markov chain how segments follow each other. Trees that begin
at a pool of the two learn what these leave to explain; trees that begin at the class shares owe
them nothing. Customers who were held out say how much each of the two counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.models import pool, xgboost
from segpredict.classifier.models.baselines import prior
from segpredict.classifier.models.pool import FittedPool, LogLinearPool, at_level, best_level
from segpredict.classifier.models.xgboost import XgboostModel, margin_probabilities
from segpredict.classifier.training_data import TrainingData
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON
from segpredict.core.window import as_date

NAME = "ensemble"
LEVEL_SHARE = 0.5  # share of the newest origin's error in level that is carried over
POOL_WEIGHT = 1.0  # of the trees that begin at the pool, where nothing proves another


@dataclass(frozen=True, slots=True)
class EnsembleModel:
    """A pool of simple forecasts, and boosted trees on top of it."""

    # BG/NBD and the Markov chain, with the weights that they have in the whole
    pool: LogLinearPool
    # the trees of both starts, each with its weight; their margin is added to that of the pool
    xgboost_model: XgboostModel
    # what is added to the log-odds of INACTIVE for all customers: how active the shop has been of
    # late against what pool and trees say
    level: float = 0.0
    # weight of the trees that begin at the pool; those that begin at the class shares have the rest
    pool_weight: float = 1.0
    rounds: tuple[int, int] = (0, 0)  # of the trees that begin at the pool, and of the others
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
            "pool_weight": self.pool_weight,
            "rounds": list(self.rounds),
        }

    @classmethod
    def from_state(cls, state: JSON) -> "EnsembleModel":
        """Return the model from its state."""
        simple = LogLinearPool.from_state(state["pool"])
        trees = XgboostModel.from_state(state["xgboost_model"])
        first, other = state["rounds"]
        return cls(simple, trees, state["level"], state["pool_weight"], (first, other))

    def starts(self, training_data: TrainingData) -> tuple[FloatArray, FloatArray]:
        """Return where the trees of the pool begin on each row, and those of the class shares."""
        rows = training_data.rows
        margin = self.pool.scaled(1 / self.pool_weight).predict_margin(rows)
        return _starts(margin, self.pool.scaled(0.0).predict_margin(rows), training_data)

    def refit(
        self,
        training_data: TrainingData,
        starts: tuple[FloatArray, FloatArray],
        names: Sequence[str] | None = None,
        weights: FloatArray | None = None,
    ) -> "EnsembleModel":
        """Return the ensemble with its trees fitted again, from the same pool and for as long.

        Parameters
        ----------
        training_data
            What the trees learn from.
        starts
            Where the trees begin on its rows: `starts`.
        names
            The columns that they may use; all by default.
        weights
            Weights of the rows.
        """
        rows = training_data.rows
        columns = training_data.feature_names if names is None else names
        first = xgboost.fit_fixed_rounds(
            training_data, columns, self.rounds[0], start=starts[0], weights=weights
        )
        halves = xgboost.customer_halves(rows) if self.pool_weight < 1 else ()
        others = [
            xgboost.fit_fixed_rounds(
                replace(training_data, rows=rows.filter(half)),
                columns,
                self.rounds[1],
                start=starts[1][half],
                weights=None if weights is None else weights[half],
            )
            for half in halves
            if half.any()
        ]
        trees = _together(first, others, self.pool_weight, training_data)
        return replace(self, xgboost_model=trees)


def describe_fit(model: EnsembleModel, training_data: TrainingData) -> dict[str, JSON]:
    """Return what the model was fitted on, and how large its parts became."""
    rows, simple, trees = training_data.rows, model.pool, model.xgboost_model
    origins = rows["cutoff"].unique().sort()
    bought, share = simple.purchase_model, round(1 - model.pool_weight, 2)
    return {
        "rows": rows.height,
        "customers": rows["customer_id"].n_unique(),
        "origins": [as_date(day).isoformat() for day in origins],
        "features": len(trees.feature_names),
        "rounds": trees.n_rounds,
        "trees": trees.n_rounds * trees.n_classes,
        "weights": {
            **({bought.name: simple.purchase_weight} if bought else {}),
            simple.markov_chain.name: simple.markov_weight,
            **({prior.PART.name: share} if share else {}),
        },
        "pool_weight": model.pool_weight,
        "level": model.level,
    }


def fit(training_data: TrainingData) -> EnsembleModel:
    """Return the pool and the trees, fitted on all that is known.

    Two boosters are averaged in log-odds: one begins at the pool, one at the class shares. The
    weights are those that suit customers best whom the trees had not seen, shrunk towards the
    first one by the number of windows behind them: these customers share their weeks with the
    others, so they cannot say which start is the better one in other weeks. The first booster is
    fitted again on all customers; the second one is the mean of those of the two halves.

    Half of what they get wrong in level at the newest training origin is carried over. Over the
    shops of docs/decisions/experiments.md half of it gains where activity drifts and costs next to
    nothing elsewhere; all of it, or the error of the last window, do not.
    """
    found = pool.fit(training_data)
    starts = _starts(found.margin, found.season, training_data)
    first, other = xgboost.fit_halves(training_data, starts)
    best = _likeliest_weight(first.margin, other.margin, training_data.labels)
    weight = round(pool.shrink(best, POOL_WEIGHT, found.windows), 2)
    whole = xgboost.fit_fixed_rounds(
        training_data, training_data.feature_names, first.rounds, start=starts[0]
    )
    trees = _together(whole, other.models, weight, training_data)
    level = LEVEL_SHARE * _newest_level(found, weight, trees, training_data)
    rounds = first.rounds, other.rounds
    return EnsembleModel(found.pool.scaled(weight), trees, level, weight, rounds, note=found.note)


def _newest_level(
    found: FittedPool, weight: float, trees: XgboostModel, training_data: TrainingData
) -> float:
    """Return the level that suits the newest training origin best."""
    cutoffs = training_data.rows["cutoff"].to_numpy()
    newest = np.flatnonzero(cutoffs == cutoffs.max())
    simple = (weight * (found.margin - found.season) + found.season)[newest]
    margin = simple + trees.predict_margin(training_data.rows[newest])
    return best_level(margin, training_data.labels[newest])


def _starts(
    margin: FloatArray, season: FloatArray | float, training_data: TrainingData
) -> tuple[FloatArray, FloatArray]:
    """Return where the trees of the pool begin, and those of the class shares, season included."""
    return margin, np.broadcast_to(xgboost.share_odds(training_data) + season, margin.shape)


def _together(
    first: XgboostModel,
    others: Sequence[XgboostModel],
    weight: float,
    training_data: TrainingData,
) -> XgboostModel:
    """Return the trees that begin at the pool with their weight, and the others with the rest."""
    if weight == 1.0:
        return first
    odds = tuple(xgboost.share_odds(training_data).tolist())
    share = (1 - weight) / len(others)
    free = [(share, replace(each, start=odds)) for each in others]
    return xgboost.weighted_sum([(weight, first), *free])


def _likeliest_weight(one: FloatArray, other: FloatArray, labels: IntArray) -> float:
    """Return the weight of the first log-odds, beside the second ones, with the least log-loss."""
    from scipy.optimize import minimize_scalar

    def loss(weight: float) -> float:
        return metrics.log_loss(margin_probabilities(weight * one + (1 - weight) * other), labels)

    return float(minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded").x)
