"""Untuned trees of other hands, evaluated with the model: what a user's notebook would hold.

XGBoost and, where `pip install lightgbm` was run, LightGBM: with the library's defaults, and with
100 rounds of depth 3. And scikit-learn's random forest, ten rows or more in a leaf.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import RandomForestClassifier

from segpredict.classifier import Baseline
from segpredict.classifier.models import xgboost
from segpredict.classifier.training_data import TrainingData, feature_matrix, normalised
from segpredict.core.arrays import Float32Array, FloatArray
from segpredict.core.types import JSON

ROUNDS = 100
SHALLOW = {"max_depth": 3}
FOREST = {"n_estimators": 500, "min_samples_leaf": 10}
LIBRARIES = {"random_forest": "sklearn"}  # where the first word of a name is not the library's


@dataclass(frozen=True, slots=True)
class Challenger:
    """Fitted trees that take part in a contest.

    Parameters
    ----------
    name
        The name in the tables.
    names
        Columns, in the order of training.
    probabilities
        Returns one row of probabilities for each row of cells.
    """

    name: str
    names: tuple[str, ...]
    probabilities: Callable[[Float32Array], Any]

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer."""
        cells = feature_matrix(customers, self.names)
        return np.asarray(self.probabilities(cells), dtype=np.float64)

    def to_state(self) -> JSON:
        """Return the kind alone: a challenger is evaluated, never stored."""
        return {"kind": self.name}


def installed() -> list[Baseline]:
    """Return the challengers whose library is there."""
    return [part for part in CHALLENGERS if find_spec(_library(part.name)) is not None]


def _library(name: str) -> str:
    return LIBRARIES.get(name, name.split("_")[0])


def fit_xgboost(name: str, settings: dict[str, Any], training_data: TrainingData) -> Challenger:
    library = import_module("xgboost")
    names = training_data.feature_names
    cells = feature_matrix(training_data.rows, names)
    given = {
        **settings,
        "objective": "multi:softprob",
        "num_class": training_data.n_classes,
        "seed": training_data.seed,
        "nthread": training_data.threads,
    }
    matrix = xgboost.build_dmatrix(cells, training_data.labels)
    trees = library.train(given, matrix, ROUNDS)
    return Challenger(name, names, lambda rows: trees.predict(xgboost.build_dmatrix(rows)))


def fit_lightgbm(name: str, settings: dict[str, Any], training_data: TrainingData) -> Challenger:
    library = import_module("lightgbm")
    names = training_data.feature_names
    given = {
        **settings,
        "objective": "multiclass",
        "num_class": training_data.n_classes,
        "seed": training_data.seed,
        "num_threads": training_data.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    cells = feature_matrix(training_data.rows, names)
    trees = library.train(given, library.Dataset(cells, training_data.labels), ROUNDS)
    return Challenger(name, names, trees.predict)


def fit_random_forest(
    name: str, settings: dict[str, Any], training_data: TrainingData
) -> Challenger:
    """Return deep trees that each draw as many rows as one origin has.

    On more, a tree would see most customers many times.
    """
    names = training_data.feature_names
    rows = training_data.rows.height // training_data.rows["cutoff"].n_unique()
    seed, threads = training_data.seed, training_data.threads
    forest = RandomForestClassifier(
        **settings, max_samples=max(1, rows), random_state=seed, n_jobs=threads
    )
    forest.fit(feature_matrix(training_data.rows, names), training_data.labels)

    def probabilities(cells: Float32Array) -> FloatArray:
        given = np.zeros((len(cells), training_data.n_classes))
        given[:, forest.classes_] = forest.predict_proba(cells)
        return normalised(np.maximum(given, 1 / len(training_data.labels)))

    return Challenger(name, names, probabilities)


def _never_stored(state: JSON) -> Challenger:
    raise NotImplementedError(state["kind"])


def _challenger(name: str, meaning: str, fit: Any, settings: dict[str, Any]) -> Baseline:
    return Baseline(name, meaning, partial(fit, name, settings), _never_stored)


CHALLENGERS = (
    _challenger("xgboost_default", "XGBoost as it comes.", fit_xgboost, {}),
    _challenger("xgboost_depth3", "XGBoost, 100 rounds of depth 3.", fit_xgboost, SHALLOW),
    _challenger("lightgbm_default", "LightGBM as it comes.", fit_lightgbm, {}),
    _challenger("lightgbm_depth3", "LightGBM, 100 rounds of depth 3.", fit_lightgbm, SHALLOW),
    _challenger("random_forest", "500 deep trees on all columns.", fit_random_forest, FOREST),
)
