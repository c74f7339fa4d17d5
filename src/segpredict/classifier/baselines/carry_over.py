"""Forecast that nobody buys again: the segment on the days that are known already.

Where a segment is told as of a later day, on a window that begins before the cutoff,
much of it is settled. What this says is arithmetic, and a model must add to it.
"""

from segpredict.classifier._panel import CARRIED
from segpredict.classifier.baselines import _staying
from segpredict.classifier.baselines._baseline import Baseline
from segpredict.classifier.baselines._staying import Staying
from segpredict.classifier.lesson import Lesson
from segpredict.classifier.options import AS_OF
from segpredict.tables import JSON

NAME, COLUMN = "carry_over", CARRIED.name


def fit(lesson: Lesson) -> Staying:
    """Return the carried segment, with the doubt that served validation best."""
    return _staying.fit(lesson, NAME, COLUMN)


def load(state: JSON) -> Staying:
    """Return the forecaster that gave a state."""
    return Staying.from_state(state, COLUMN)


PART = Baseline(
    NAME,
    "Nobody buys again: the segment on the part of its days that is known.",
    fit,
    load,
    (COLUMN,),
    when=AS_OF,
)
