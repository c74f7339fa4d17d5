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
    signed = _signed(shown, few, cube, groups)
    shuffler, rows = PermutationImportance(replay, model), replay.customers.height
    losses = np.array(
        [
            [
                np.average(
                    shuffler.loss_increase(g.features, rng.permutation(rows)), weights=weights
                )
                for _ in range(repeats)
            ]
            for g in groups
        ]
    )
    parts = groups_of_model(groups, shown)
    words = [_merged(parts, word) for word in HEADLINES]
    return ModelView(
        group_importance(cube, shown.feature_names, parts),
        group_importance(cube, shown.feature_names, words),
        signed,
        losses,
    )


def _merged(groups: Sequence[FeatureGroup], word: str) -> FeatureGroup:
    """Return all columns of a headline as one group."""
    columns = [name for g in groups if g.headline == word for name in g.features]
    return FeatureGroup(word, word, word, tuple(columns))


def groups_of_model(groups: Sequence[FeatureGroup], shown: AdditiveModel) -> list[FeatureGroup]:
    """Return the groups with the columns that this model has."""
    return [
        replace(g, features=tuple(n for n in g.features if n in shown.feature_names))
        for g in groups
    ]


def _signed(
    shown: AdditiveModel,
    few: pl.DataFrame,
    contributions: FloatArray,
    groups: Sequence[FeatureGroup],
) -> FloatArray:
    # The same contrast for every model, or signs could not be compared: whether an
    # active customer becomes inactive, and an inactive one comes back.
    states = segment_codes(few, "state_now")
    towards = np.where(states == INACTIVE_CODE, INACTIVE_CODE + 1, INACTIVE_CODE)
    contrast = contrast_contributions(contributions, towards, states)
    return group_contributions(
        contrast[:, None, :], shown.feature_names, groups_of_model(groups, shown)
    )[:, 0, :]


class PermutationImportance:
    """Permutation importance of one model on one test (Breiman 2001)."""

    def __init__(self, replay: BacktestReplay, model: BlendedModel) -> None:
        self.model, self.customers = model, replay.customers
        self.labels = segment_codes(replay.customers, "label")
        bought = None if model.weight == 1 else model.purchase_model
        self.buying = bought and bought.at_cutoff(replay.cutoff)
        self.cells = feature_matrix(replay.customers, model.xgboost_model.feature_names)
        self.history = (
            None if self.buying is None else feature_matrix(replay.customers, HISTORY_COLUMNS)
        )
        self.known = self._purchase_probabilities(self.history)
        self.plain = self._losses(self.cells, self.known)

    def loss_increase(self, features: Sequence[str], order: IntArray) -> FloatArray:
        """Return the increase in each row's loss when these columns are shuffled."""
        cells, known = self.cells.copy(), self.known
        here = [n for n in features if n in self.model.xgboost_model.feature_names]
        places = np.array(
            [self.model.xgboost_model.feature_names.index(name) for name in here], int
        )
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
    draws = rng.multinomial(len(all_customers), np.full(len(all_customers), 1 / len(all_customers)))
    counts = pl.DataFrame({"customer_id": all_customers, "n": draws.astype(np.float64)})
    weights, weighed = (
        ids.to_frame()
        .join(counts, on="customer_id", how="left", maintain_order="left")["n"]
        .to_numpy()
        for ids in (known, tested)
    )
    model = _refitted(replay, past, weights)
    return view_model(replay, model, groups, 1, rng, weighed)


def _refitted(
    replay: BacktestReplay, past: HistoryAtCutoff | None, weights: FloatArray
) -> BlendedModel:
    """Return the model with its trees fitted again; BG/NBD, where it is used alone."""
    if past is not None:
        drawn = past.customer_histories[np.repeat(np.arange(len(weights)), weights.astype(int))]
        training_data = replace(
            replay.training_data, history=replace(past, customer_histories=drawn)
        )
        known = replay.model.purchase_model
        season = None if known is None else known.seasonal_index
        return replace(
            replay.model, purchase_model=replace(bgnbd_gg.fit(training_data), seasonal_index=season)
        )
    rounds = replay.model.xgboost_model.n_rounds
    trees = xgboost.fit_fixed_rounds(
        replay.training_data, replay.training_data.feature_names, rounds, weights=weights
    )
    return replace(replay.model, xgboost_model=trees)
