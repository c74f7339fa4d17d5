"""Segment transitions: observed, predicted and compared.

In: transactions and segments, or scores of several days. Out: customer lists, matrices, tests.
"""

from segpredict.analytics.transitions.matrix import mobility_by_period, observed_matrix
from segpredict.analytics.transitions.periods import entered_and_left
from segpredict.analytics.transitions.states import ERASED_STATE, LAPSED_STATE, NEW_STATE

__all__ = [
    "ERASED_STATE",
    "LAPSED_STATE",
    "NEW_STATE",
    "entered_and_left",
    "mobility_by_period",
    "observed_matrix",
]
