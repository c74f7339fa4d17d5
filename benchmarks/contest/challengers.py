"""LightGBM and CatBoost, judged beside the model where they are installed.

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
        """Return the kind alone: a challenger is judged, never stored."""
        return {"kind": self.name}


def installed() -> list[Baseline]:
    """Return the challengers whose library is there."""
    return [part for part in CHALLENGERS if find_spec(part.name) is not None]


def fit_lightgbm(lesson: TrainingData) -> Challenger:
    library = import_module("lightgbm")
    settings = {
        "objective": "multiclass",
        "num_class": lesson.n_classes,
        "learning_rate": lesson.options.learning_rate,
        "num_leaves": LEAVES,
        "min_data_in_leaf": min(SMALLEST, max(1, lesson.rows.height // 20)),
        "bagging_fraction": lesson.options.subsample,
        "bagging_freq": 1,
        "feature_fraction": lesson.options.colsample_bytree,
        "lambda_l2": lesson.options.reg_lambda,
        "seed": lesson.seed,
        "num_threads": lesson.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }

    def data(rows: TrainingData, reference: Any = None) -> Any:
        cells = feature_matrix(rows.rows, rows.feature_names)
        return library.Dataset(cells, rows.labels, reference=reference)

    def best(known: TrainingData, later: TrainingData) -> int:
        given = data(known)
        stop = library.early_stopping(lesson.options.early_stopping_rounds, verbose=False)
        trees = library.train(
            settings,
            given,
            lesson.options.max_rounds,
            valid_sets=[data(later, given)],
            callbacks=[stop],
        )
        return int(trees.best_iteration)

    trees = library.train(settings, data(lesson), rounds(lesson, best))
    return Challenger(
        "lightgbm", lesson.feature_names, lambda cells: trees.predict(cells, num_threads=1)
    )


def fit_catboost(lesson: TrainingData) -> Challenger:
    library = import_module("catboost")

    def untrained(iterations: int) -> Any:
        return library.CatBoostClassifier(
            iterations=iterations,
            max_depth=DEPTH,
            learning_rate=lesson.options.learning_rate,
            l2_leaf_reg=lesson.options.reg_lambda,
            loss_function="MultiClass",
            classes_count=lesson.n_classes,
            random_seed=lesson.seed,
            thread_count=lesson.threads,
            allow_writing_files=False,
            verbose=False,
        )

    def best(known: TrainingData, later: TrainingData) -> int:
        trees = untrained(lesson.options.max_rounds)
        trees.fit(
            feature_matrix(known.rows, lesson.feature_names),
            known.labels,
            eval_set=(feature_matrix(later.rows, lesson.feature_names), later.labels),
            early_stopping_rounds=lesson.options.early_stopping_rounds,
            use_best_model=True,
        )
        return int(trees.tree_count_)

    trees = untrained(rounds(lesson, best))
    trees.fit(feature_matrix(lesson.rows, lesson.feature_names), lesson.labels)
    return Challenger(
        "catboost",
        lesson.feature_names,
        lambda cells: trees.predict_proba(cells, thread_count=1),
    )


def rounds(lesson: TrainingData, best: Callable[[TrainingData, TrainingData], int]) -> int:
    """Return the number of trees for all rows, by the validation origins if any."""
    if not lesson.validation_origins:
        return lesson.options.fallback_rounds
    found = best(
        lesson.at_cutoffs(lesson.fit_origins), lesson.at_cutoffs(lesson.validation_origins)
    )
    return xgboost.scale_rounds(lesson, found)


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
