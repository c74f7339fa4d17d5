"""Forecast with BG/NBD, Gamma-Gamma and the seasonal index of last year."""

from dataclasses import replace

from segpredict.classifier.models import seasonality
from segpredict.classifier.models.baselines import bgnbd_gg
from segpredict.classifier.models.baselines._baseline import Baseline
from segpredict.classifier.models.baselines.bgnbd_gg import BgNbdGammaGamma
from segpredict.classifier.training_data import HISTORY_COLUMNS, TrainingData
from segpredict.core.types import JSON

NAME = "bgnbd_season"


def fit(training_data: TrainingData) -> BgNbdGammaGamma:
    """Return BG/NBD with Gamma-Gamma, and the season where it is proven to help."""
    found, _ = fit_if_seasonal(training_data, bgnbd_gg.fit(training_data))
    return replace(found, name=NAME)


def fit_if_seasonal(
    training_data: TrainingData, unseasonal: BgNbdGammaGamma
) -> tuple[BgNbdGammaGamma, str]:
    """Return the model with the season where that is proven, and why."""
    found, note = seasonality.select_seasonal_index(
        training_data,
        lambda rows, index: replace(unseasonal, index_ahead=index).predict_proba(rows),
    )
    return replace(unseasonal, seasonal_index=found), note


def from_state(state: JSON) -> BgNbdGammaGamma:
    """Return the model from its state."""
    return replace(BgNbdGammaGamma.from_state(state), name=NAME)


PART = Baseline(
    NAME,
    "BG/NBD and Gamma-Gamma, as busy as last year's season where that is proven.",
    fit,
    from_state,
    HISTORY_COLUMNS,
    is_usual=False,
)
