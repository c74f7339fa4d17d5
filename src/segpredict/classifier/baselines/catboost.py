"""Forecast with CatBoost's symmetric trees, where the package is installed."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from segpredict.classifier.baselines import _challenger
from segpredict.classifier.baselines._baseline import Baseline
from segpredict.classifier.lesson import Floats, Lesson, matrix
from segpredict.tables import JSON

LIBRARY = "catboost"
DEPTH = 4  # its trees ask one question a level, so they are weaker than others


@dataclass(frozen=True, slots=True)
class CatBoost:
    """Fitted trees with the names of their columns.

    Parameters
    ----------
    model
        The trees, in CatBoost's own form.
    names
        Columns, in the order of training.
    classes
        Number of segments, INACTIVE included.
    name
        The name in the verdict.
    """

    model: bytes
    names: tuple[str, ...]
    classes: int
    name: str = "catboost"

    def predict(self, customers: pl.DataFrame) -> Floats:
        """Return one row of probabilities per customer."""
        trees = _challenger.loaded(LIBRARY).CatBoostClassifier()
        trees.load_model(blob=self.model)
        cells = matrix(customers, self.names)
        given = trees.predict_proba(cells, thread_count=1)
        return np.asarray(given, dtype=np.float64)

    def state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "kind": self.name,
            "names": list(self.names),
            "classes": self.classes,
            "model": base64.b64encode(self.model).decode(),
        }

    @classmethod
    def from_state(cls, state: JSON) -> "CatBoost":
        """Return the forecaster that gave a state."""
        model = base64.b64decode(state["model"])
        return cls(model, tuple(state["names"]), state["classes"])


def fit(lesson: Lesson) -> CatBoost:
    """Return trees with the booster's settings, as far as CatBoost knows them."""
    library = _challenger.loaded(LIBRARY)

    def grown(known: Lesson, later: Lesson) -> int:
        trees = _trees(library, lesson, lesson.options.cap)
        trees.fit(
            matrix(known.rows, lesson.names),
            known.labels,
            eval_set=(matrix(later.rows, lesson.names), later.labels),
            early_stopping_rounds=lesson.options.patience,
            use_best_model=True,
        )
        return int(trees.tree_count_)

    trees = _trees(library, lesson, _challenger.rounds(lesson, grown))
    trees.fit(matrix(lesson.rows, lesson.names), lesson.labels)
    model = bytes(trees._serialize_model())  # its public way leads through a file
    return CatBoost(model, lesson.names, lesson.classes)


def _trees(library: Any, lesson: Lesson, rounds: int) -> Any:
    options = lesson.options
    return library.CatBoostClassifier(
        iterations=rounds,
        depth=DEPTH,
        learning_rate=options.eta,
        l2_leaf_reg=options.ridge,
        loss_function="MultiClass",
        classes_count=lesson.classes,
        random_seed=lesson.seed,
        thread_count=lesson.threads,
        allow_writing_files=False,
        verbose=False,
    )


PART = Baseline(
    "catboost",
    "CatBoost's symmetric trees on all columns.",
    fit,
    CatBoost.from_state,
    library=LIBRARY,
    ships=False,
)
