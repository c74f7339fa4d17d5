"""Forecast with boosted trees that see four RFM numbers and the current segment."""

from segpredict.classifier import booster
from segpredict.classifier.baselines._baseline import Baseline
from segpredict.classifier.booster import Booster
from segpredict.classifier.lesson import Lesson

NEEDS = ("recency_days", "freq_days_364", "spend_364", "age_days")


def fit(lesson: Lesson) -> Booster:
    """Return trees on recency, frequency, spend, age and the current segment."""
    return booster.fit(lesson, (*NEEDS, "state_now"), name="xgb_rfm4")


PART = Baseline(
    "xgb_rfm4",
    "The same trees, given recency, frequency, spend, age and segment only.",
    fit,
    Booster.from_state,
    NEEDS,
)
