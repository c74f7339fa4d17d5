"""Gradient-boosted trees: one probability a future segment, from XGBoost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb

from segpredict.classifier.training_data import TrainingData, feature_matrix
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON

NAME = "xgboost"


@dataclass(frozen=True, slots=True)
class XgboostModel:
    """Fitted trees with the names of their columns.

    Parameters
    ----------
    booster
        The trees up to the best round, and no others.
    feature_names
        Columns, in the order of training.
    n_classes
        Number of segments, INACTIVE included.
    name
        The name in the evaluation.

    Examples
    --------
    >>> rows = pl.DataFrame({"cutoff": [0, 0], "label": [0, 1], "orders": [1.0, 9.0]})
    >>> model = fit_fixed_rounds(TrainingData(rows, ("orders",), 2), ["orders"], 3)
    >>> XgboostModel.from_state(model.to_state()).n_rounds
    3
    """

    booster: xgb.Booster
    feature_names: tuple[str, ...]
    n_classes: int
    name: str = NAME

    @property
    def n_rounds(self) -> int:
        """Rounds of boosting (each grows one tree a segment)."""
        return int(self.booster.num_boosted_rounds())

    def feature_matrix(self, customers: pl.DataFrame) -> xgb.DMatrix:
        """Return the customers as XGBoost reads them: columns by name, NaN for null."""
        return build_dmatrix(feature_matrix(customers, self.feature_names), self.feature_names)

    def predict_margin(self, customers: pl.DataFrame) -> npt.NDArray[np.float32]:
        """Return raw scores before the softmax, customers × segments."""
        raw = self.booster.predict(self.feature_matrix(customers), output_margin=True)
        return np.asarray(raw, dtype=np.float32).reshape(-1, self.n_classes)

    def shap_values(self, customers: pl.DataFrame) -> npt.NDArray[np.float32]:
        """Return TreeSHAP values, customers × segments × (columns + 1).

        The last column is the base value; a row adds up to the margin.
        """
        given = self.booster.predict(self.feature_matrix(customers), pred_contribs=True)
        shape = (-1, self.n_classes, len(self.feature_names) + 1)
        return np.asarray(given, dtype=np.float32).reshape(shape)

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer, in code order of segments."""
        return self.predict_proba_cells(feature_matrix(customers, self.feature_names))

    def predict_proba_cells(self, cells: npt.NDArray[np.float32]) -> FloatArray:
        """Return the same for cells, customers × columns in the order of `names`."""
        raw = self.booster.predict(build_dmatrix(cells, self.feature_names))
        shares = np.asarray(raw, dtype=np.float64).reshape(-1, self.n_classes)
        # XGBoost sums in single precision; a row must sum to one in double precision.
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float64)

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON; trees in XGBoost's own form."""
        names, model = list(self.feature_names), bytes(self.booster.save_raw("json")).decode()
        head = {"kind": self.name, "n_classes": self.n_classes}
        return {**head, "feature_names": names, "model": model}

    @classmethod
    def from_state(cls, state: JSON) -> "XgboostModel":
        """Return the booster that gave a state; it predicts the same to the bit."""
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(bytearray(state["model"].encode()))
        return cls(booster, tuple(state["feature_names"]), state["n_classes"], state["kind"])


def build_dmatrix(
    cells: npt.NDArray[np.float32],
    names: Sequence[str],
    labels: npt.NDArray[np.int64] | None = None,
) -> xgb.DMatrix:
    """Return a matrix that knows the names of its columns."""
    return xgb.DMatrix(cells, labels, feature_names=list(names), nthread=1)


def fit(
    training_data: TrainingData,
    names: Sequence[str] | None = None,
    *,
    name: str = NAME,
    early: xgb.Booster | None = None,
) -> XgboostModel:
    """Return trees fitted on all rows, with as many rounds as helped on later origins.

    The rounds come from early stopping on the validation origins (`early`, where it is known), and
    are scaled to the rows of the final fit (`scale_rounds`).
    """
    columns = tuple(training_data.feature_names if names is None else names)
    rounds = training_data.options.fallback_rounds
    if training_data.validation_origins:
        stopped = early or fit_early_stopping(training_data, columns)
        rounds = scale_rounds(training_data, stopped.num_boosted_rounds())
    return fit_fixed_rounds(training_data, columns, rounds, name=name)


def fit_fixed_rounds(
    training_data: TrainingData,
    names: Sequence[str],
    rounds: int,
    *,
    name: str = NAME,
    weights: npt.NDArray[np.float64] | None = None,
) -> XgboostModel:
    """Return trees with a fixed number of rounds, fitted on all training rows."""
    whole = build_dmatrix(feature_matrix(training_data.rows, names), names, training_data.labels)
    if weights is not None:
        whole.set_weight(weights)
    trees = xgb.train(xgboost_parameters(training_data), whole, rounds)
    return XgboostModel(trees, tuple(names), training_data.n_classes, name)


def scale_rounds(training_data: TrainingData, rounds: int) -> int:
    """Return the rounds for all rows, given those that suited the fitting origins.

    Rounds · (rows / fitting rows) ** ``growth``: at one half detail rises as sampling error falls.
    """
    fitting = training_data.at_cutoffs(training_data.fit_origins).rows.height
    more = training_data.rows.height / max(1, fitting)
    return max(1, round(rounds * float(more**training_data.options.refit_growth)))


def fit_early_stopping(training_data: TrainingData, names: Sequence[str]) -> xgb.Booster:
    """Return trees fitted on the fitting origins, cut where validation was best.

    XGBoost keeps the rounds after the best one, and its functions disagree on whether
    they count; they are cut off here.
    """
    origins = (training_data.fit_origins, training_data.validation_origins)
    parts = map(training_data.at_cutoffs, origins)
    known, later = (build_dmatrix(feature_matrix(p.rows, names), names, p.labels) for p in parts)
    booster = xgb.train(
        xgboost_parameters(training_data),
        known,
        training_data.options.max_rounds,
        evals=[(later, "later")],
        early_stopping_rounds=training_data.options.early_stopping_rounds,
        verbose_eval=False,
    )
    return booster[: booster.best_iteration + 1]


def xgboost_parameters(training_data: TrainingData) -> dict[str, object]:
    """Return the options as XGBoost names them."""
    options = training_data.options
    return {
        "objective": "multi:softprob",
        "eval_metric": "mlogloss",
        # Fixed by the segments, not by the labels: a class may be missing in a fold.
        "num_class": training_data.n_classes,
        # The one XGBoost would fit differs in its last bits from one thread to two.
        "base_score": 0.5,
        "tree_method": "hist",
        "eta": options.learning_rate,
        "max_depth": options.max_depth,
        "min_child_weight": options.min_child_weight,
        "subsample": options.subsample,
        "colsample_bytree": options.colsample_bytree,
        "lambda": options.reg_lambda,
        "gamma": options.gamma,
        "seed": training_data.seed,
        "nthread": training_data.threads,
    }
