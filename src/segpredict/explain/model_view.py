"""One model on one test: contributions, and the loss when columns are shuffled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.replay import BacktestReplay
from segpredict.classifier.models import xgboost
from segpredict.classifier.models.baselines import bgnbd_gg
from segpredict.classifier.models.blend import BlendedModel, geometric_mean
from segpredict.classifier.training_data import (
    HISTORY_COLUMNS,
    HistoryAtCutoff,
    feature_matrix,
    segment_codes,
)
from segpredict.core.arrays import Float32Array, FloatArray, IntArray
from segpredict.core.segment import INACTIVE_CODE
from segpredict.explain.additive_model import AdditiveModel, additive_model
from segpredict.explain.contrast import contrast_contributions
from segpredict.explain.groups import HEADLINES, FeatureGroup, group_contributions, group_importance
from segpredict.explain.purchase_model import PLAYER_COLUMNS
from segpredict.explain.sample import stratified_sample

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
    model: BlendedModel,
    groups: Sequence[FeatureGroup],
    repeats: int,
    rng: np.random.Generator,
    weights: FloatArray | None = None,
) -> ModelView:
    """Return the view of a model on a test; `weights` weigh its customers."""
    few = stratified_sample(replay.customers, MAX_COMPARED_CUSTOMERS)
    shown = additive_model(model, model.xgboost_model, replay.customers)
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

    def __init__(self, replay: BacktestReplay, model: BlendedModel) -> None:
        self.model, self.customers = model, replay.customers
        self.labels = segment_codes(replay.customers, "label")
        bought = None if model.weight == 1 else model.purchase_model
        self.buying = bought and bought.at_cutoff(replay.cutoff)
        self.cells = feature_matrix(replay.customers, model.xgboost_model.feature_names)
        past = None if self.buying is None else feature_matrix(replay.customers, HISTORY_COLUMNS)
        self.history = past
        self.known = self._purchase_probabilities(self.history)
        self.plain = self._losses(self.cells, self.known)

    def loss_increase(self, features: Sequence[str], order: IntArray) -> FloatArray:
        """Return the increase in each row's loss when these columns are shuffled."""
        cells, known = self.cells.copy(), self.known
        names = self.model.xgboost_model.feature_names
        places = np.array([names.index(name) for name in features if name in names], int)
        cells[:, places] = self.cells[order][:, places]
        past_places = self._places(features)
        if self.history is not None and past_places:
            past = self.history.copy()
            past[:, past_places] = self.history[order][:, past_places]
            known = self._purchase_probabilities(past)
        return self._losses(cells, known) - self.plain

    def _places(self, features: Sequence[str]) -> list[int]:
        """Return which of `HISTORY_COLUMNS` belong to these columns."""
        if not self.model.weight:  # BG/NBD alone: a column represents all of its player
            return [place for name in features for place in PLAYER_COLUMNS.get(name, ())]
        return [HISTORY_COLUMNS.index(name) for name in features if name in HISTORY_COLUMNS]

    def _purchase_probabilities(self, history: Float32Array | None) -> FloatArray | None:
        if history is None or self.buying is None:
            return None
        return self.buying.probabilities_of_rows(history.astype(np.float64))

    def _losses(self, cells: Float32Array, known: FloatArray | None) -> FloatArray:
        trees = self.model.xgboost_model.predict_proba_cells(cells)
        both = trees if known is None else geometric_mean(trees, known, self.model.weight)
        return metrics.row_log_loss(both, self.labels)


def view_refitted_model(
    replay: BacktestReplay, groups: Sequence[FeatureGroup], rng: np.random.Generator
) -> ModelView:
    """Return the view of a model fitted on a resample of customers."""
    past = None if replay.model.weight else replay.training_data.history
    known = (replay.training_data.rows if past is None else past.customer_histories)["customer_id"]
    tested = replay.customers["customer_id"]
    all_customers = pl.concat([known, tested]).unique().sort()
    n = len(all_customers)
    draws = rng.multinomial(n, np.full(n, 1 / n)).astype(np.float64)
    counts = pl.DataFrame({"customer_id": all_customers, "n": draws})
    joined = (
        ids.to_frame().join(counts, on="customer_id", how="left", maintain_order="left")
        for ids in (known, tested)
    )
    weights, weighed = (rows["n"].to_numpy() for rows in joined)
    model = _refitted(replay, past, weights)
    return view_model(replay, model, groups, 1, rng, weighed)


def _refitted(
    replay: BacktestReplay, past: HistoryAtCutoff | None, weights: FloatArray
) -> BlendedModel:
    """Return the model with its trees fitted again; BG/NBD, where it is used alone."""
    if past is not None:
        drawn = past.customer_histories[np.repeat(np.arange(len(weights)), weights.astype(int))]
        history = replace(past, customer_histories=drawn)
        known = replay.model.purchase_model
        season = None if known is None else known.seasonal_index
        fitted = bgnbd_gg.fit(replace(replay.training_data, history=history))
        return replace(replay.model, purchase_model=replace(fitted, seasonal_index=season))
    data, rounds = replay.training_data, replay.model.xgboost_model.n_rounds
    trees = xgboost.fit_fixed_rounds(data, data.feature_names, rounds, weights=weights)
    return replace(replay.model, xgboost_model=trees)
