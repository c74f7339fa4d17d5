"""Forecast with boosted trees that see four RFM numbers and the current segment."""

from segpredict.classifier.models import xgboost
from segpredict.classifier.models.baselines._baseline import Baseline
from segpredict.classifier.models.xgboost import XgboostModel
from segpredict.classifier.training_data import TrainingData

REQUIRED_COLUMNS = ("recency_days", "freq_days_364", "spend_364", "age_days")
ROUNDS = 60


def fit(training_data: TrainingData) -> XgboostModel:
    """Return trees on recency, frequency, spend, age and the current segment."""
    columns = (*REQUIRED_COLUMNS, "state_now")
    return xgboost.fit_fixed_rounds(training_data, columns, ROUNDS, name="xgb_rfm4")


PART = Baseline(
    "xgb_rfm4",
    "The same trees, given recency, frequency, spend, age and segment only.",
    fit,
    XgboostModel.from_state,
    REQUIRED_COLUMNS,
)
