"""The model: boosted trees and BG/NBD, at even weights; their errors differ.

Trees learn from all columns and overfit the seasons they have seen; BG/NBD uses no label.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import xgboost as xgb

from segpredict.classifier import metrics
from segpredict.classifier.models import calendar, seasonality, xgboost
from segpredict.classifier.models.baselines import bgnbd_gg, bgnbd_season
from segpredict.classifier.models.baselines.bgnbd_gg import BgNbdGammaGamma
from segpredict.classifier.models.xgboost import XgboostModel
from segpredict.classifier.training_data import HISTORY_COLUMNS, TrainingData, normalised
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON
from segpredict.errors import SupportError

NAME = "blend"
EQUAL_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class BlendedModel:
    """Boosted trees and a purchase model, combined.

    Parameters
    ----------
    xgboost_model
        The boosted trees.
    purchase_model
        BG/NBD and Gamma-Gamma; ``None`` where the data cannot support them.
    weight
        Share of the trees, from 0 to 1.
    name
        The name in the evaluation.
    note
        A note on the fit for the reader.
    """

    xgboost_model: XgboostModel
    purchase_model: BgNbdGammaGamma | None
    weight: float = EQUAL_WEIGHT
    name: str = NAME
    note: str = ""

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the weighted geometric mean of both, scaled to sum to one."""
        trees = self.xgboost_model.predict_proba(customers)
        if self.purchase_model is None:
            return trees
        return geometric_mean(trees, self.purchase_model.predict_proba(customers), self.weight)

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "kind": self.name,
            "weight": self.weight,
            "xgboost_model": self.xgboost_model.to_state(),
            "purchase_model": self.purchase_model and self.purchase_model.to_state(),
        }

    @classmethod
    def from_state(cls, state: JSON) -> "BlendedModel":
        """Return the model from its state."""
        purchase_model = state["purchase_model"]
        return cls(
            XgboostModel.from_state(state["xgboost_model"]),
            purchase_model and BgNbdGammaGamma.from_state(purchase_model),
            state["weight"],
        )


def geometric_mean(one: FloatArray, other: FloatArray, weight: float) -> FloatArray:
    """Return the geometric mean of two forecasts, rows sum to one.

    >>> geometric_mean(np.array([[0.5, 0.5]]), np.array([[0.2, 0.8]]), 0.5).round(3).tolist()
    [[0.333, 0.667]]
    """
    floor = metrics.MIN_PROBABILITY
    logs = weight * np.log(np.maximum(one, floor))
    logs = logs + (1 - weight) * np.log(np.maximum(other, floor))
    return normalised(np.exp(logs))


def fit(training_data: TrainingData) -> BlendedModel:
    """Return trees and BG/NBD fitted on all that is known, at even weights.

    Fitted weights do worse (the "forecast combination puzzle", Smith and Wallis 2009). Where even
    trees of the validation origins beat the blend, or the data cannot support BG/NBD, it gets no
    weight.
    """
    given, note = calendar.select_calendar_features(training_data)
    early = None
    if given.validation_origins:
        early = xgboost.fit_early_stopping(given, given.feature_names)
    trees = xgboost.fit(given, early=early)
    if training_data.history is None or not set(HISTORY_COLUMNS) <= set(training_data.rows.columns):
        return BlendedModel(trees, None, note=note)
    try:
        plain = bgnbd_gg.fit(training_data)
    except SupportError:
        return BlendedModel(trees, None, note=note)
    purchase_model, season_note = bgnbd_season.fit_if_seasonal(given, plain)
    is_alone = early is not None and _trees_beat_blend(given, early, purchase_model)
    if not is_alone:  # trees alone use no season
        note = " ".join(filter(None, [note, season_note]))
    return BlendedModel(trees, purchase_model, 1.0 if is_alone else EQUAL_WEIGHT, note=note)


def _trees_beat_blend(
    training_data: TrainingData, early: xgb.Booster, purchase_model: BgNbdGammaGamma
) -> bool:
    """Return whether trees alone beat the even blend on the validation origins.

    By more than one standard error over customers; what is known later favours the blend.
    """
    later = training_data.at_cutoffs(training_data.validation_origins)
    known = XgboostModel(early, training_data.feature_names, training_data.n_classes)
    trees = known.predict_proba(later.rows)
    both = geometric_mean(trees, _forecast_with_season(purchase_model, later), EQUAL_WEIGHT)
    losses = [metrics.row_log_loss(given, later.labels) for given in (both, trees)]
    gain = losses[0] - losses[1]
    return bool(gain.mean() > metrics.clustered_standard_error(gain, later.rows["customer_id"]))


def _forecast_with_season(purchase_model: BgNbdGammaGamma, later: TrainingData) -> FloatArray:
    """Return the forecast of BG/NBD, with the season as it was known on each row's day."""
    if purchase_model.seasonal_index is None or later.history is None:
        return purchase_model.predict_proba(later.rows)
    cutoffs = later.rows["cutoff"].to_numpy()
    days = np.unique(cutoffs).tolist()
    ahead = seasonality.index_ahead(later.history, days)
    probabilities = np.empty((later.rows.height, purchase_model.n_classes))
    for day in days:
        then = replace(purchase_model, seasonal_index=None, index_ahead=ahead.get(day, 1.0))
        places = np.flatnonzero(cutoffs == day)
        probabilities[places] = then.predict_proba(later.rows[places])
    return probabilities
