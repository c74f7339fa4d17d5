"""Forecast that customers stay where they are."""

from segpredict.classifier.baselines import _staying
from segpredict.classifier.baselines._baseline import Baseline
from segpredict.classifier.baselines._staying import Staying
from segpredict.classifier.lesson import Lesson
from segpredict.tables import JSON

NAME, COLUMN = "persistence", "state_now"


def fit(lesson: Lesson) -> Staying:
    """Return the current segment, with the doubt that served validation best."""
    return _staying.fit(lesson, NAME, COLUMN)


def load(state: JSON) -> Staying:
    """Return the forecaster that gave a state."""
    return Staying.from_state(state, COLUMN)


PART = Baseline(NAME, "Customers stay in their segment.", fit, load)
