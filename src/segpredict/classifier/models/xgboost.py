"""Gradient-boosted trees: one log-odds a future segment, from XGBoost."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb

from segpredict.classifier.models.baselines._baseline import smoothed_shares
from segpredict.classifier.training_data import TrainingData, feature_matrix
from segpredict.core.arrays import Float32Array, FloatArray
from segpredict.core.types import JSON

NAME = "xgboost"
BASE_SCORE = 0.5  # XGBoost's own start, alike for all segments; given, so that none is fitted


@dataclass(frozen=True, slots=True)
class XgboostModel:
    """Fitted trees with the names of their columns.

    Examples
    --------
    >>> rows = pl.DataFrame({"cutoff": [0, 0], "label": [0, 1], "orders": [1.0, 9.0]})
    >>> model = fit_fixed_rounds(TrainingData(rows, ("orders",), 2), ["orders"], 3)
    >>> XgboostModel.from_state(model.to_state()).n_rounds
    3
    """

    booster: xgb.Booster  # the trees
    feature_names: tuple[str, ...]  # columns, in the order of training
    # log-odds of each segment before the first tree: the logarithms of the class shares, or zeros
    # where the trees are added to another forecast
    start: tuple[float, ...]
    name: str = NAME  # the name in the evaluation

    @property
    def n_classes(self) -> int:
        """Number of segments, INACTIVE included."""
        return len(self.start)

    @property
    def n_rounds(self) -> int:
        """Rounds of boosting (each grows one tree a segment)."""
        return int(self.booster.num_boosted_rounds())

    def predict_margin(self, customers: pl.DataFrame) -> FloatArray:
        """Return log-odds before the softmax, customers × segments."""
        return self.predict_margin_of_cells(feature_matrix(customers, self.feature_names))

    def predict_margin_of_cells(self, cells: Float32Array) -> FloatArray:
        """Return the same for cells, customers × columns in the order of `feature_names`."""
        raw = self.booster.predict(build_dmatrix(cells, self.feature_names), output_margin=True)
        trees = np.asarray(raw, dtype=np.float64).reshape(-1, self.n_classes)
        return np.asarray(trees + np.array(self.start), dtype=np.float64)

    def shap_values(self, customers: pl.DataFrame) -> FloatArray:
        """Return TreeSHAP values, customers × segments × (columns + 1).

        The last column is the base value; a row adds up to the margin.
        """
        matrix = build_dmatrix(feature_matrix(customers, self.feature_names), self.feature_names)
        given = self.booster.predict(matrix, pred_contribs=True)
        shape = (-1, self.n_classes, len(self.feature_names) + 1)
        found = np.asarray(given, dtype=np.float64).reshape(shape)
        found[:, :, -1] += np.array(self.start)
        return found

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer, in code order of segments."""
        return margin_probabilities(self.predict_margin(customers))

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON; trees in XGBoost's own form."""
        names, model = list(self.feature_names), bytes(self.booster.save_raw("json")).decode()
        head = {"kind": self.name, "start": list(self.start)}
        return {**head, "feature_names": names, "model": model}

    @classmethod
    def from_state(cls, state: JSON) -> "XgboostModel":
        """Return the booster that gave a state; it predicts the same to the bit."""
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(bytearray(state["model"].encode()))
        return cls(booster, tuple(state["feature_names"]), tuple(state["start"]), state["kind"])


def margin_probabilities(margin: FloatArray) -> FloatArray:
    """Return the probabilities of log-odds: a softmax, each row by itself.

    >>> margin_probabilities(np.log([[1.0, 3.0]])).tolist()
    [[0.25, 0.75]]
    """
    # Segment by segment: a row's sum must not depend on how many rows there are.
    power = np.exp(margin - margin.max(axis=1, keepdims=True))
    total = np.zeros(len(power))
    for column in power.T:
        total = total + column
    return np.asarray(power / total[:, None], dtype=np.float64)


def build_dmatrix(
    cells: Float32Array,
    names: Sequence[str],
    labels: npt.NDArray[np.int64] | None = None,
    start: FloatArray | None = None,
) -> xgb.DMatrix:
    """Return a matrix that knows the names of its columns, and where the trees begin."""
    matrix = xgb.DMatrix(cells, labels, feature_names=list(names), nthread=1)
    if start is not None:
        matrix.set_base_margin(start.astype(np.float32))
    return matrix


def fit(
    training_data: TrainingData,
    names: Sequence[str] | None = None,
    *,
    name: str = NAME,
    start: FloatArray | None = None,
) -> XgboostModel:
    """Return trees fitted on all rows, with the number of rounds that cross-validation finds.

    Parameters
    ----------
    training_data
        The labelled rows.
    names
        Columns to use; all of them by default.
    name
        The name in the evaluation.
    start
        Log-odds, rows × segments, from which the trees begin; the class shares by default.
    """
    columns = tuple(training_data.feature_names if names is None else names)
    rounds = cross_validated_rounds(training_data, columns, start)
    return fit_fixed_rounds(training_data, columns, rounds, name=name, start=start)


def fit_fixed_rounds(
    training_data: TrainingData,
    names: Sequence[str],
    rounds: int,
    *,
    name: str = NAME,
    start: FloatArray | None = None,
    weights: npt.NDArray[np.float64] | None = None,
) -> XgboostModel:
    """Return trees with a fixed number of rounds, fitted on all training rows."""
    begin, own_start = _start(training_data, start)
    cells = feature_matrix(training_data.rows, names)
    whole = build_dmatrix(cells, names, training_data.labels, begin)
    if weights is not None:
        whole.set_weight(weights)
    trees = xgb.train(xgboost_parameters(training_data, training_data.threads), whole, rounds)
    return XgboostModel(trees, tuple(names), own_start, name)


def cross_validated_rounds(
    training_data: TrainingData, names: Sequence[str], start: FloatArray | None = None
) -> int:
    """Return the rounds with the least log-loss on customers who were not trained on; at least 1.

    Customers are halved, and each half is predicted from the other one. Halving the origins
    instead finds the season of one half wrong for the other and stops far too early
    (docs/decisions/experiments.md).
    """
    begin, _ = _start(training_data, start)
    cells, labels = feature_matrix(training_data.rows, names), training_data.labels
    if "customer_id" in training_data.rows.columns:
        half = training_data.rows["customer_id"].rank("dense").to_numpy().astype(np.int64) % 2
    else:
        half = np.arange(len(labels)) % 2
    options = training_data.options

    def losses(one: int) -> list[float]:
        known, held_out = (
            build_dmatrix(cells[rows], names, labels[rows], begin[rows])
            for rows in (half == one, half != one)
        )
        found: dict[str, dict[str, list[float]]] = {}
        xgb.train(
            xgboost_parameters(training_data, 1),
            known,
            options.max_rounds,
            evals=[(held_out, "held_out")],
            early_stopping_rounds=options.early_stopping_rounds,
            evals_result=found,
            verbose_eval=False,
        )
        return found["held_out"]["mlogloss"]

    if len(np.unique(half)) < 2:
        return 1
    # XGBoost works without the interpreter's lock; each fit has one thread of its own.
    with ThreadPoolExecutor(max(1, min(2, training_data.threads))) as workers:
        both = list(workers.map(losses, (0, 1)))
    length = min(map(len, both))
    return 1 + int(np.argmin(np.sum([each[:length] for each in both], axis=0)))


def _start(
    training_data: TrainingData, start: FloatArray | None
) -> tuple[FloatArray, tuple[float, ...]]:
    """Return where the trees begin on each row, and what the model itself adds later."""
    if start is not None:
        return start, (0.0,) * training_data.n_classes
    shares = np.log(smoothed_shares(training_data.labels, training_data.n_classes))
    return np.tile(shares, (training_data.rows.height, 1)), tuple(shares.tolist())


def xgboost_parameters(training_data: TrainingData, threads: int) -> dict[str, object]:
    """Return the options as XGBoost names them."""
    options = training_data.options
    return {
        "objective": "multi:softprob",
        "eval_metric": "mlogloss",
        # Fixed by the segments, not by the labels: a class may be missing in a fold.
        "num_class": training_data.n_classes,
        "base_score": BASE_SCORE,
        "tree_method": "hist",
        "eta": options.learning_rate,
        "max_depth": options.max_depth,
        "min_child_weight": options.min_child_weight,
        "subsample": options.subsample,
        "colsample_bytree": options.colsample_bytree,
        "lambda": options.reg_lambda,
        "gamma": options.gamma,
        "seed": training_data.seed,
        "nthread": threads,
    }
