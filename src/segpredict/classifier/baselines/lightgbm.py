"""Forecast with LightGBM's boosted trees, where the package is installed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from segpredict.classifier.baselines import _challenger
from segpredict.classifier.baselines._baseline import Baseline
from segpredict.classifier.lesson import Floats, Lesson, matrix
from segpredict.tables import JSON

LIBRARY = "lightgbm"
LEAVES = 8  # as many as a tree of depth three has
SMALLEST = 50  # rows in a leaf


@dataclass(frozen=True, slots=True)
class LightGbm:
    """Fitted trees with the names of their columns.

    Parameters
    ----------
    model
        The trees, in LightGBM's own text.
    names
        Columns, in the order of training.
    name
        The name in the verdict.
    """

    model: str
    names: tuple[str, ...]
    name: str = "lightgbm"

    def predict(self, customers: pl.DataFrame) -> Floats:
        """Return one row of probabilities per customer."""
        trees = _challenger.loaded(LIBRARY).Booster(model_str=self.model)
        cells = matrix(customers, self.names)
        return np.asarray(trees.predict(cells, num_threads=1), dtype=np.float64)

    def state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {"kind": self.name, "names": list(self.names), "model": self.model}

    @classmethod
    def from_state(cls, state: JSON) -> "LightGbm":
        """Return the forecaster that gave a state."""
        return cls(state["model"], tuple(state["names"]))


def fit(lesson: Lesson) -> LightGbm:
    """Return trees with the booster's settings, as far as LightGBM knows them."""
    library = _challenger.loaded(LIBRARY)

    def grown(known: Lesson, later: Lesson) -> int:
        given = _dataset(library, known)
        stop = library.early_stopping(lesson.options.patience, verbose=False)
        trees = library.train(
            _settings(lesson),
            given,
            lesson.options.cap,
            valid_sets=[_dataset(library, later, given)],
            callbacks=[stop],
        )
        return int(trees.best_iteration)

    rounds = _challenger.rounds(lesson, grown)
    trees = library.train(_settings(lesson), _dataset(library, lesson), rounds)
    return LightGbm(trees.model_to_string(), lesson.names)


def _dataset(library: Any, lesson: Lesson, reference: Any = None) -> Any:
    cells = matrix(lesson.rows, lesson.names)
    return library.Dataset(cells, lesson.labels, reference=reference)


def _settings(lesson: Lesson) -> dict[str, object]:
    options = lesson.options
    return {
        "objective": "multiclass",
        "num_class": lesson.classes,
        "learning_rate": options.eta,
        "num_leaves": LEAVES,
        "min_data_in_leaf": min(SMALLEST, max(1, lesson.rows.height // 20)),
        "bagging_fraction": options.subsample,
        "bagging_freq": 1,
        "feature_fraction": options.columns,
        "lambda_l2": options.ridge,
        "seed": lesson.seed,
        "num_threads": lesson.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


PART = Baseline(
    "lightgbm",
    "LightGBM's boosted trees on all columns.",
    fit,
    LightGbm.from_state,
    library=LIBRARY,
    ships=False,
)
