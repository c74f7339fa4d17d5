"""Gradient-boosted trees: one log-odds a future segment, from XGBoost."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb

from segpredict.classifier.models import trees_check
from segpredict.classifier.models.baselines._baseline import smoothed_shares
from segpredict.classifier.training_data import TrainingData, feature_matrix
from segpredict.core.arrays import BoolArray, Float32Array, FloatArray, IntArray
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
        raw = self.booster.predict(
            build_dmatrix(cells), output_margin=True, validate_features=False
        )
        trees = np.asarray(raw, dtype=np.float64).reshape(-1, self.n_classes)
        return np.asarray(trees + np.array(self.start), dtype=np.float64)

    def shap_values(self, customers: pl.DataFrame) -> FloatArray:
        """Return TreeSHAP values, customers × segments × (columns + 1).

        The last column is the base value; a row adds up to the margin.
        """
        matrix = build_dmatrix(feature_matrix(customers, self.feature_names))
        given = self.booster.predict(matrix, pred_contribs=True, validate_features=False)
        shape = (-1, self.n_classes, len(self.feature_names) + 1)
        found = np.asarray(given, dtype=np.float64).reshape(shape)
        found[:, :, -1] += np.array(self.start)
        return found

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer, in code order of segments."""
        return margin_probabilities(self.predict_margin(customers))

    def visited_leaves(self, customers: pl.DataFrame) -> IntArray:
        """Return the leaf that each customer ends in, customers × trees; all leaves are numbered.

        No two trees share a number.
        """
        matrix = build_dmatrix(feature_matrix(customers, self.feature_names))
        found = self.booster.predict(matrix, pred_leaf=True, validate_features=False)
        nodes = np.asarray(found, dtype=np.int64).reshape(customers.height, -1)
        first = np.arange(nodes.shape[1]) * (nodes.max(initial=0) + 1)
        return np.asarray(nodes + first, dtype=np.int64)

    def split_values(self) -> dict[str, Float32Array]:
        """Return the values at which the trees split each column that they split."""
        state = json.loads(self.booster.save_raw("json"))
        found: dict[str, set[float]] = {}
        for tree in state["learner"]["gradient_booster"]["model"]["trees"]:
            for child, column, value in zip(
                tree["left_children"], tree["split_indices"], tree["split_conditions"], strict=True
            ):
                if child != trees_check.NO_CHILD:
                    found.setdefault(self.feature_names[column], set()).add(value)
        return {name: np.array(sorted(values), np.float32) for name, values in found.items()}

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON; trees in XGBoost's own form."""
        names, model = list(self.feature_names), bytes(self.booster.save_raw("json")).decode()
        head = {"kind": self.name, "start": list(self.start)}
        return {**head, "feature_names": names, "model": model}

    @classmethod
    def from_state(cls, state: JSON) -> "XgboostModel":
        """Return the booster that gave a state; it predicts the same to the bit."""
        names, start, content = tuple(state["feature_names"]), tuple(state["start"]), state["model"]
        trees_check.require_sound_trees(content.encode(), names, len(start), BASE_SCORE)
        return cls(_loaded(content), names, start, state["kind"])


def _loaded(content: str) -> xgb.Booster:
    """Return the trees of XGBoost's own JSON."""
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(content.encode()))
    return booster


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


def build_dmatrix(cells: Float32Array, labels: npt.NDArray[np.int64] | None = None) -> xgb.DMatrix:
    """Return a matrix without names: XGBoost would compare them in every round."""
    return xgb.DMatrix(cells, labels, nthread=1)


def fit(training_data: TrainingData) -> XgboostModel:
    """Return trees alone, from the class shares, with the rounds that suit held-out customers."""
    start, _ = _start(training_data, None)
    (found,) = fit_halves(training_data, [start])
    return fit_fixed_rounds(training_data, training_data.feature_names, found.rounds)


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
    whole = build_dmatrix(cells, training_data.labels)
    whole.set_base_margin(begin.astype(np.float32))
    if weights is not None:
        whole.set_weight(weights)
    trees = xgb.train(xgboost_parameters(training_data, training_data.threads), whole, rounds)
    trees.feature_names = list(names)
    return XgboostModel(trees, tuple(names), own_start, name)


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Trees of each half of the customers, and what they say of the other half."""

    # the trees of each half, all with the rounds that have the least log-loss on the other one
    models: tuple[XgboostModel, ...]
    # log-odds of each row by the trees of the other half, from where the trees begin
    margin: FloatArray

    @property
    def rounds(self) -> int:
        """Rounds with the least log-loss on customers who were not trained on; at least 1."""
        return self.models[0].n_rounds


def fit_halves(training_data: TrainingData, starts: Sequence[FloatArray]) -> list[CrossFit]:
    """Fit each half of the customers until its trees no longer improve on the other half.

    Once from each start, on the same matrices. Halving the origins instead finds the season of one
    half wrong for the other and stops far too early (docs/decisions/experiments.md). A single
    customer has no other half: one round then.
    """
    rows, labels, names = training_data.rows, training_data.labels, training_data.feature_names
    halves = [half for half in customer_halves(rows) if half.any()]
    cells = feature_matrix(rows, names)
    if len(halves) < 2:
        alone = [fit_fixed_rounds(training_data, names, 1, start=start) for start in starts]
        margins = [each.predict_margin_of_cells(cells) for each in alone]
        pairs = zip(starts, alone, margins, strict=True)
        return [CrossFit((each,), start + margin) for start, each, margin in pairs]
    # The bins of the columns, which take long to find, stay with their matrix.
    matrices = [build_dmatrix(cells[half], labels[half]) for half in halves]
    return [_fit_halves(training_data, start, halves, matrices) for start in starts]


def _fit_halves(
    training_data: TrainingData,
    start: FloatArray,
    halves: Sequence[BoolArray],
    matrices: Sequence[xgb.DMatrix],
) -> CrossFit:
    """Return the trees of each half from one start."""
    options, names = training_data.options, training_data.feature_names
    for matrix, half in zip(matrices, halves, strict=True):
        matrix.set_base_margin(start[half].astype(np.float32))

    def grow(place: int) -> tuple[xgb.Booster, list[float]]:
        found: dict[str, dict[str, list[float]]] = {}
        trees = xgb.train(
            xgboost_parameters(training_data, 1),
            matrices[place],
            options.max_rounds,
            evals=[(matrices[1 - place], "held_out")],
            early_stopping_rounds=options.early_stopping_rounds,
            evals_result=found,
            verbose_eval=False,
        )
        return trees, found["held_out"]["mlogloss"]

    # XGBoost works without the interpreter's lock; each fit has one thread of its own.
    with ThreadPoolExecutor(max(1, min(2, training_data.threads))) as workers:
        grown = list(workers.map(grow, (0, 1)))
    length = min(len(losses) for _, losses in grown)
    rounds = 1 + int(np.argmin(np.sum([losses[:length] for _, losses in grown], axis=0)))
    margin = np.empty(start.shape)
    models = []
    for (trees, _), other, held_out in zip(grown, matrices[::-1], halves[::-1], strict=True):
        best = trees[:rounds]
        margin[held_out] = best.predict(other, output_margin=True).reshape(-1, start.shape[1])
        best.feature_names = list(names)
        models.append(XgboostModel(best, tuple(names), (0.0,) * start.shape[1]))
    return CrossFit(tuple(models), margin)


def customer_halves(rows: pl.DataFrame) -> tuple[BoolArray, BoolArray]:
    """Return which rows are of every second customer, and which of the others.

    >>> customer_halves(pl.DataFrame({"customer_id": ["a", "b", "c", "a"]}))[0].tolist()
    [True, False, True, True]
    """
    if "customer_id" not in rows.columns:
        places = np.arange(1, rows.height + 1)
    else:
        places = rows["customer_id"].rank("dense").to_numpy().astype(np.int64)
    return places % 2 == 1, places % 2 == 0


def weighted_sum(models: Sequence[tuple[float, XgboostModel]]) -> XgboostModel:
    """Return one booster whose margin is the weighted sum of those of several.

    A leaf adds its value to the margin, so the sum has the trees of all, each leaf times the weight
    of its model. XGBoost has no call for that; the fields are those of its documented JSON model.
    """
    states = [json.loads(model.booster.save_raw("json")) for _, model in models]
    parts = [dict(state["learner"]["gradient_booster"]["model"]) for state in states]
    state = states[0]
    whole = state["learner"]["gradient_booster"]["model"]
    whole |= {"trees": [], "tree_info": [], "iteration_indptr": [0]}
    for (weight, _), part in zip(models, parts, strict=True):
        first = len(whole["trees"])
        for place, tree in enumerate(part["trees"], first):
            whole["trees"].append(_scaled_tree(tree, weight) | {"id": place})
        whole["tree_info"] += part["tree_info"]
        whole["iteration_indptr"] += [first + until for until in part["iteration_indptr"][1:]]
    whole["gbtree_model_param"]["num_trees"] = str(len(whole["trees"]))
    starts = [weight * np.array(model.start) for weight, model in models]
    start = tuple(np.sum(starts, axis=0).tolist())
    first_model = models[0][1]
    return XgboostModel(
        _loaded(json.dumps(state)), first_model.feature_names, start, first_model.name
    )


def _scaled_tree(tree: JSON, weight: float) -> JSON:
    """Return a tree with the value of each node times a weight; a leaf's is its condition."""
    is_leaf = [child == -1 for child in tree["left_children"]]
    pairs = zip(tree["split_conditions"], is_leaf, strict=True)
    return tree | {
        "base_weights": [weight * value for value in tree["base_weights"]],
        "split_conditions": [value * weight if leaf else value for value, leaf in pairs],
    }


def _start(
    training_data: TrainingData, start: FloatArray | None
) -> tuple[FloatArray, tuple[float, ...]]:
    """Return where the trees begin on each row, and what the model itself adds later."""
    if start is not None:
        return start, (0.0,) * training_data.n_classes
    shares = share_odds(training_data)
    return np.tile(shares, (training_data.rows.height, 1)), tuple(shares.tolist())


def share_odds(training_data: TrainingData) -> FloatArray:
    """Return the logarithms of the class shares."""
    return np.log(smoothed_shares(training_data.labels, training_data.n_classes))


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
