"""LightGBM and CatBoost, evaluated with the model where they are installed.

`pip install lightgbm catboost`. Both get the booster's settings as far as they know
them, and the number of trees that suited the validation origins, as the booster does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.classifier import Baseline
from segpredict.classifier.models import xgboost
from segpredict.classifier.training_data import TrainingData, feature_matrix
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON

LEAVES = 8  # of LightGBM: as many as a tree of depth three has
SMALLEST = 50  # rows in a leaf of LightGBM
DEPTH = 4  # of CatBoost, whose trees ask one question a level and so are weaker


@dataclass(frozen=True, slots=True)
class Challenger:
    """Fitted trees of another library.

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
    probabilities: Callable[[npt.NDArray[np.float32]], Any]

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return one row of probabilities per customer."""
        cells = feature_matrix(customers, self.names)
        return np.asarray(self.probabilities(cells), dtype=np.float64)

    def to_state(self) -> JSON:
        """Return the kind alone: a challenger is evaluated, never stored."""
        return {"kind": self.name}


def installed() -> list[Baseline]:
    """Return the challengers whose library is there."""
    return [part for part in CHALLENGERS if find_spec(part.name) is not None]


def fit_lightgbm(training_data: TrainingData) -> Challenger:
    library = import_module("lightgbm")
    settings = {
        "objective": "multiclass",
        "num_class": training_data.n_classes,
        "learning_rate": training_data.options.learning_rate,
        "num_leaves": LEAVES,
        "min_data_in_leaf": min(SMALLEST, max(1, training_data.rows.height // 20)),
        "bagging_fraction": training_data.options.subsample,
        "bagging_freq": 1,
        "feature_fraction": training_data.options.colsample_bytree,
        "lambda_l2": training_data.options.reg_lambda,
        "seed": training_data.seed,
        "num_threads": training_data.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }

    def data(rows: TrainingData, reference: Any = None) -> Any:
        cells = feature_matrix(rows.rows, rows.feature_names)
        return library.Dataset(cells, rows.labels, reference=reference)

    def best(known: TrainingData, later: TrainingData) -> int:
        given = data(known)
        stop = library.early_stopping(training_data.options.early_stopping_rounds, verbose=False)
        trees = library.train(
            settings,
            given,
            training_data.options.max_rounds,
            valid_sets=[data(later, given)],
            callbacks=[stop],
        )
        return int(trees.best_iteration)

    trees = library.train(settings, data(training_data), n_rounds(training_data, best))
    return Challenger(
        "lightgbm", training_data.feature_names, lambda cells: trees.predict(cells, num_threads=1)
    )


def fit_catboost(training_data: TrainingData) -> Challenger:
    library = import_module("catboost")

    def untrained(iterations: int) -> Any:
        return library.CatBoostClassifier(
            iterations=iterations,
            depth=DEPTH,
            learning_rate=training_data.options.learning_rate,
            l2_leaf_reg=training_data.options.reg_lambda,
            loss_function="MultiClass",
            classes_count=training_data.n_classes,
            random_seed=training_data.seed,
            thread_count=training_data.threads,
            allow_writing_files=False,
            verbose=False,
        )

    def best(known: TrainingData, later: TrainingData) -> int:
        trees = untrained(training_data.options.max_rounds)
        trees.fit(
            feature_matrix(known.rows, training_data.feature_names),
            known.labels,
            eval_set=(feature_matrix(later.rows, training_data.feature_names), later.labels),
            early_stopping_rounds=training_data.options.early_stopping_rounds,
            use_best_model=True,
        )
        return int(trees.tree_count_)

    trees = untrained(n_rounds(training_data, best))
    trees.fit(feature_matrix(training_data.rows, training_data.feature_names), training_data.labels)
    return Challenger(
        "catboost",
        training_data.feature_names,
        lambda cells: trees.predict_proba(cells, thread_count=1),
    )


def n_rounds(training_data: TrainingData, best: Callable[[TrainingData, TrainingData], int]) -> int:
    """Return the number of trees for all rows, by the validation origins if any."""
    if not training_data.validation_origins:
        return training_data.options.fallback_rounds
    found = best(
        training_data.at_cutoffs(training_data.fit_origins),
        training_data.at_cutoffs(training_data.validation_origins),
    )
    return xgboost.scale_rounds(training_data, found)


def _never_stored(state: JSON) -> Challenger:
    raise NotImplementedError(state["kind"])


# Each is called by the name of its library.
CHALLENGERS = (
    Baseline(
        "lightgbm",
        "LightGBM's boosted trees on all columns.",
        fit_lightgbm,
        _never_stored,
    ),
    Baseline(
        "catboost",
        "CatBoost's symmetric trees on all columns.",
        fit_catboost,
        _never_stored,
    ),
)
