"""Forecast with a multinomial logit on ranks: the linear model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtri, softmax
from threadpoolctl import threadpool_limits

from segpredict.classifier.models.baselines._baseline import Baseline
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import TrainingData, feature_matrix, segment_codes
from segpredict.core.arrays import BoolArray, FloatArray
from segpredict.core.types import JSON

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


STATE_COLUMNS = ("state_now", "state_before")
QUANTILE_LEVELS = np.linspace(0, 1, 201)
RANK_MARGIN = 0.001  # ranks are kept this far from 0 and 1, so scores stay within ±3.1
L2_PENALTY = 10.0
UNSEEN_PENALTY = 10.0  # log-odds by which a segment without training rows stands back


@dataclass(frozen=True, slots=True)
class MultinomialLogit(StoredState):
    """A linear score a segment, on normal scores of the columns."""

    feature_names: tuple[str, ...]  # columns that enter by rank
    quantiles: FloatArray  # columns × grid: values at even ranks, frozen from the training rows
    medians: FloatArray  # value that stands for a missing one, per column
    # segments × (columns, missing flags, current and earlier segment, constant)
    weights: FloatArray
    name: str = "logit"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer."""
        cells = _terms(customers, self)
        # Not a matrix product: its last digit would depend on the other rows.
        sums = [(cells * row[:-1]).sum(axis=1) + row[-1] for row in self.weights]
        return np.asarray(softmax(np.column_stack(sums), axis=1), dtype=np.float64)

    @classmethod
    def from_state(cls, state: JSON) -> "MultinomialLogit":
        """Return the model from its state."""
        quantiles, middles, weights = (
            np.array(state[key], dtype=np.float64) for key in ("quantiles", "medians", "weights")
        )
        return cls(tuple(state["feature_names"]), quantiles, middles, weights)


def fit(training_data: TrainingData) -> MultinomialLogit:
    """Return a ridge-penalised multinomial logit of normal scores, missing values flagged."""
    columns = tuple(n for n in training_data.feature_names if n not in STATE_COLUMNS)
    values = feature_matrix(training_data.rows, columns).astype(np.float64)
    # A column that was never seen has nothing to rank: it enters as a constant.
    known = np.where(np.isnan(values).all(axis=0), 0.0, values)
    quantiles = np.nanquantile(known, QUANTILE_LEVELS, axis=0, method="lower").T
    middles = np.ascontiguousarray(quantiles[:, len(QUANTILE_LEVELS) // 2])
    blank = MultinomialLogit(columns, quantiles, middles, np.zeros((training_data.n_classes, 1)))
    terms = _terms(training_data.rows, blank)
    used: BoolArray = np.any(terms, axis=0)  # the weight of a term that is zero everywhere is zero
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / L2_PENALTY, max_iter=300, tol=1e-3)
    # One thread: sums of floats in another order would change the last digits.
    with threadpool_limits(1):
        # Single precision takes half the time, for the same forecast to four digits.
        model.fit(terms[:, used].astype(np.float32), training_data.labels)
    weights = _weights(model, used, training_data.n_classes)
    return MultinomialLogit(columns, quantiles, middles, weights)


def _weights(model: "LogisticRegression", used: BoolArray, classes: int) -> FloatArray:
    given = np.zeros((len(model.coef_), len(used) + 1))
    given[:, :-1][:, used] = model.coef_
    given[:, -1] = model.intercept_
    if len(given) == 1:  # scikit-learn keeps one row for two classes
        given = np.vstack([np.zeros_like(given), given])
    weights = np.zeros((classes, given.shape[1]))
    weights[:, -1] = given[:, -1].min() - UNSEEN_PENALTY
    weights[model.classes_] = given
    return weights


def _terms(customers: pl.DataFrame, model: MultinomialLogit) -> FloatArray:
    values = feature_matrix(customers, model.feature_names).astype(np.float64)
    absent = np.isnan(values)
    filled = np.where(absent, model.medians, values)
    scores = [_normal(column, grid) for column, grid in zip(filled.T, model.quantiles, strict=True)]
    classes = np.eye(len(model.weights))
    states = [classes[segment_codes(customers, name)] for name in STATE_COLUMNS]
    return np.column_stack([*scores, absent, *states]).astype(np.float64)


def _normal(values: npt.NDArray[np.float64], grid: FloatArray) -> FloatArray:
    # A tied value stands at the middle of the ranks that it spans.
    distinct, first, counts = np.unique(grid, return_index=True, return_counts=True)
    last, place = len(grid) - 1, np.searchsorted(distinct, values)
    middle = (2 * first + counts - 1) / 2 / last
    nearest = np.minimum(place, len(distinct) - 1)
    ranks = middle[nearest]
    untied = distinct[nearest] != values
    ranks[untied] = np.interp(values[untied], distinct, first / last)
    return np.asarray(ndtri(np.clip(ranks, RANK_MARGIN, 1 - RANK_MARGIN)), dtype=np.float64)


PART = Baseline("logit", "A ridge logit on ranks of all columns.", fit, MultinomialLogit.from_state)
