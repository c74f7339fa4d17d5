"""Forecast with a random forest: many deep trees, each on a few of the rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import RandomForestClassifier

from segpredict.classifier.models.baselines._baseline import Baseline, smoothed_shares
from segpredict.classifier.models.baselines._tree_arrays import CellArray, TreeEnsemble
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import TrainingData, feature_matrix, normalised
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON

N_TREES = 500
MIN_LEAF_ROWS = 10  # rows in a leaf, at least
MISSING_VALUE = np.float32(-3e38)  # stands for a missing value, below every other


@dataclass(frozen=True, slots=True)
class RandomForestModel(StoredState):
    """A fitted forest with the names of its columns."""

    feature_names: tuple[str, ...]  # columns, in the order of training
    trees: TreeEnsemble  # the trees
    name: str = "random_forest"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the mean of the trees for each customer."""
        return normalised(self.trees.predict_proba(_cells(customers, self.feature_names)))

    @classmethod
    def from_state(cls, state: JSON) -> "RandomForestModel":
        """Return the model from its state."""
        return cls(tuple(state["feature_names"]), TreeEnsemble.from_state(state["trees"]))


def fit(training_data: TrainingData) -> RandomForestModel:
    """Return 500 trees with ten rows or more in a leaf, drawn by one row towards everybody's mix.

    Each tree draws as many rows as one origin has: on more, it would see most customers many times.
    """
    rows = training_data.rows.height // training_data.rows["cutoff"].n_unique()
    model = RandomForestClassifier(
        N_TREES,
        min_samples_leaf=MIN_LEAF_ROWS,
        max_samples=max(1, rows),
        random_state=training_data.seed,
        n_jobs=training_data.threads,
    )
    model.fit(_cells(training_data.rows, training_data.feature_names), training_data.labels)
    mix = smoothed_shares(training_data.labels, training_data.n_classes)
    trees = [each.tree_ for each in model.estimators_]
    leaves = [_leaves(tree, model.classes_, mix) for tree in trees]
    return RandomForestModel(training_data.feature_names, TreeEnsemble.from_sklearn(trees, leaves))


def _leaves(tree: Any, known: Any, mix: FloatArray) -> FloatArray:
    probabilities = np.zeros((len(tree.feature), len(mix)))
    probabilities[:, known] = tree.value[:, 0, :]
    rows = tree.weighted_n_node_samples[:, None]
    return np.asarray((probabilities * rows + mix) / (rows + 1), dtype=np.float64)


def _cells(customers: pl.DataFrame, names: tuple[str, ...]) -> CellArray:
    cells = feature_matrix(customers, names)
    return np.where(np.isnan(cells), MISSING_VALUE, cells)


PART = Baseline(
    "random_forest",
    "The mean of 500 deep trees on all columns.",
    fit,
    RandomForestModel.from_state,
    is_usual=False,
)
