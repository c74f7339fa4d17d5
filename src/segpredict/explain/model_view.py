"""One model on one test: contributions, and the loss when columns are shuffled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.backtest import BacktestReplay
from segpredict.classifier.models.ensemble import EnsembleModel
from segpredict.classifier.models.pool import at_level, purchase_margin
from segpredict.classifier.models.xgboost import margin_probabilities
from segpredict.classifier.training_data import HISTORY_COLUMNS, feature_matrix, segment_codes
from segpredict.core.arrays import Float32Array, FloatArray, IntArray
from segpredict.core.segment import INACTIVE_CODE
from segpredict.explain.additive_model import STATE_COLUMN, AdditiveModel, additive_model
from segpredict.explain.explanation import stratified_sample
from segpredict.explain.groups import HEADLINES, FeatureGroup, group_contributions, group_importance
from segpredict.explain.importance import contrast_contributions

MAX_COMPARED_CUSTOMERS = 300  # customers whose contributions are compared between models


@dataclass(frozen=True, slots=True, eq=False)
class ModelView:
    """Importance of the columns of one model on one test."""

    # mean sizes of groups and of `HEADLINES`
    group_importance: FloatArray
    headline_importance: FloatArray
    group_contributions: FloatArray  # contributions of groups, customers × groups
    permutation_loss: FloatArray  # increase in log-loss when shuffled, groups × repeats


def view_model(
    replay: BacktestReplay,
    model: EnsembleModel,
    groups: Sequence[FeatureGroup],
    repeats: int,
    rng: np.random.Generator,
    weights: FloatArray | None = None,
) -> ModelView:
    """Return the view of a model on a test; `weights` weigh its customers."""
    few = stratified_sample(replay.customers, MAX_COMPARED_CUSTOMERS)
    shown = additive_model(model, model, replay.customers)
    cube = shown.shap_values(few)
    parts = groups_of_model(groups, shown)
    signed = _signed(shown, few, cube, parts)
    shuffler, rows = PermutationImportance(replay, model), replay.customers.height
    losses = []
    for group in groups:
        drawn = (
            shuffler.loss_increase(group.features, rng.permutation(rows)) for _ in range(repeats)
        )
        losses.append([np.average(loss, weights=weights) for loss in drawn])
    words = [_merged(parts, word) for word in HEADLINES]
    of_groups, of_words = (group_importance(cube, shown.feature_names, g) for g in (parts, words))
    return ModelView(of_groups, of_words, signed, np.array(losses))


def _merged(groups: Sequence[FeatureGroup], word: str) -> FeatureGroup:
    """Return all columns of a headline as one group."""
    columns = [name for g in groups if g.headline == word for name in g.features]
    return FeatureGroup(word, word, word, tuple(columns))


def groups_of_model(groups: Sequence[FeatureGroup], shown: AdditiveModel) -> list[FeatureGroup]:
    """Return the groups with the columns that this model has."""
    known = shown.feature_names
    return [replace(g, features=tuple(n for n in g.features if n in known)) for g in groups]


def _signed(
    shown: AdditiveModel, few: pl.DataFrame, contributions: FloatArray, groups: list[FeatureGroup]
) -> FloatArray:
    # The same contrast for every model, or signs could not be compared: whether an
    # active customer becomes inactive, and an inactive one comes back.
    states = segment_codes(few, "state_now")
    towards = np.where(states == INACTIVE_CODE, INACTIVE_CODE + 1, INACTIVE_CODE)
    contrast = contrast_contributions(contributions, towards, states)
    return group_contributions(contrast[:, None, :], shown.feature_names, groups)[:, 0, :]


class PermutationImportance:
    """Permutation importance of one model on one test (Breiman 2001)."""

    def __init__(self, replay: BacktestReplay, model: EnsembleModel) -> None:
        self.model, self.customers = model, replay.customers
        self.labels = segment_codes(replay.customers, "label")
        bought = model.pool.purchase_model
        self.purchase_model = bought and bought.at_cutoff(replay.cutoff)
        self.cells = feature_matrix(replay.customers, model.xgboost_model.feature_names)
        self.history = None
        if self.purchase_model is not None:
            self.history = feature_matrix(replay.customers, HISTORY_COLUMNS)
        self.of_purchases = self._purchase_margin(self.history)
        self.of_states = self._state_margin(np.arange(replay.customers.height))
        self.plain = self._losses(self.cells, self.of_purchases + self.of_states)

    def loss_increase(self, features: Sequence[str], order: IntArray) -> FloatArray:
        """Return the increase in each row's loss when these columns are shuffled."""
        cells, bought, states = self.cells.copy(), self.of_purchases, self.of_states
        names = self.model.xgboost_model.feature_names
        places = np.array([names.index(name) for name in features if name in names], int)
        cells[:, places] = self.cells[order][:, places]
        past_places = [HISTORY_COLUMNS.index(name) for name in features if name in HISTORY_COLUMNS]
        if self.history is not None and past_places:
            past = self.history.copy()
            past[:, past_places] = self.history[order][:, past_places]
            bought = self._purchase_margin(past)
        if STATE_COLUMN in features:
            states = self._state_margin(order)
        return self._losses(cells, bought + states) - self.plain

    def _purchase_margin(self, history: Float32Array | None) -> FloatArray:
        pool, model = self.model.pool, self.purchase_model
        if history is None or model is None:
            return np.zeros((self.customers.height, self.model.xgboost_model.n_classes))
        return purchase_margin(model, history.astype(np.float64), pool.purchase_weight)

    def _state_margin(self, order: IntArray) -> FloatArray:
        pool = self.model.pool
        found = pool.markov_chain.predict_proba(self.customers[order])
        return pool.markov_weight * metrics.log_probabilities(found)

    def _losses(self, cells: Float32Array, start: FloatArray) -> FloatArray:
        trees = self.model.xgboost_model.predict_margin_of_cells(cells)
        margin = at_level(start + trees, self.model.level)
        return metrics.row_log_loss(margin_probabilities(margin), self.labels)


def view_refitted_model(
    replay: BacktestReplay,
    starts: tuple[FloatArray, FloatArray],
    groups: Sequence[FeatureGroup],
    rng: np.random.Generator,
) -> ModelView:
    """Return the view of a model fitted on a resample of customers."""
    known, tested = replay.training_data.rows["customer_id"], replay.customers["customer_id"]
    all_customers = pl.concat([known, tested]).unique().sort()
    n = len(all_customers)
    draws = rng.multinomial(n, np.full(n, 1 / n)).astype(np.float64)
    counts = pl.DataFrame({"customer_id": all_customers, "n": draws})
    joined = (
        ids.to_frame().join(counts, on="customer_id", how="left", maintain_order="left")
        for ids in (known, tested)
    )
    weights, weighed = (rows["n"].to_numpy() for rows in joined)
    refitted = replay.model.refit(replay.training_data, starts, weights=weights)
    return view_model(replay, refitted, groups, 1, rng, weighed)
