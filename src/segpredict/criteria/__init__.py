"""Judge groups: what describes them, what they must pass, which are taken.

In: points, and an algorithm that groups them. Out: a `Trial` with every figure that was
measured, and a `Selection` made by a rule that was written down before.
"""

from segpredict.criteria.measure import Contender, measure
from segpredict.criteria.resampling import Bench, Earlier
from segpredict.criteria.select import (
    Selection,
    Standing,
    coded,
    gap_choices,
    knee,
    likeness,
    select,
)
from segpredict.criteria.trial import Bar, Trial
from segpredict.criteria.validity import separation

__all__ = [
    "Bar",
    "Bench",
    "Contender",
    "Earlier",
    "Selection",
    "Standing",
    "Trial",
    "coded",
    "gap_choices",
    "knee",
    "likeness",
    "measure",
    "select",
    "separation",
]
