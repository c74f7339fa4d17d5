"""Segment transitions: observed, predicted and compared.

In: transactions and segments, or scores of several days. Out: customer lists, matrices, tests.
"""

from segpredict.analytics.transitions.customer_lists import entered_and_left
from segpredict.analytics.transitions.matrix import observed_matrix
from segpredict.analytics.transitions.mobility import mobility_by_period
from segpredict.analytics.transitions.states import ERASED_STATE, LAPSED_STATE, NEW_STATE

__all__ = [
    "ERASED_STATE",
    "LAPSED_STATE",
    "NEW_STATE",
    "entered_and_left",
    "mobility_by_period",
    "observed_matrix",
]
