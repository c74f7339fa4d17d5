"""Segment transitions: observed, predicted and compared.

In: transactions and segments, or scores of several days. Out: customer lists, matrices, tests.
"""

from segpredict.analytics.transitions.comparison import compare_periods
from segpredict.analytics.transitions.customer_lists import entered_and_left
from segpredict.analytics.transitions.expected import (
    expected_matrix,
    forecast_dispersion,
    unmodelled_rows,
)
from segpredict.analytics.transitions.markov_order import markov_order_test
from segpredict.analytics.transitions.matrix import observed_matrix
from segpredict.analytics.transitions.mobility import mobility_by_period, mobility_index
from segpredict.analytics.transitions.periods import segment_transitions, transition_periods
from segpredict.analytics.transitions.states import ERASED_STATE, LAPSED_STATE, NEW_STATE

__all__ = [
    "ERASED_STATE",
    "LAPSED_STATE",
    "NEW_STATE",
    "compare_periods",
    "entered_and_left",
    "expected_matrix",
    "forecast_dispersion",
    "markov_order_test",
    "mobility_by_period",
    "mobility_index",
    "observed_matrix",
    "segment_transitions",
    "transition_periods",
    "unmodelled_rows",
]
