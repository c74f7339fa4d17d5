"""Who moved where: counted, foretold, compared, and kept from day to day.

In: transactions and a frozen segmentation, or scores of several days. Out: lists of who
entered and left each segment, migration matrices with intervals, and what they say.
"""

from segpredict.movement.comparison import compare_periods
from segpredict.movement.expected import expected_matrix, forecast_dispersion, unmodelled_rows
from segpredict.movement.history import HistoryUpdate, ModelVersion, ScoreHistory
from segpredict.movement.lists import entered_and_left
from segpredict.movement.matrix import observed_matrix
from segpredict.movement.mobility import mobility_by_period, mobility_index
from segpredict.movement.order import markov_order_test
from segpredict.movement.periods import segment_transitions, transition_periods
from segpredict.movement.places import ERASED_STATE, LAPSED_STATE, NEW_STATE

__all__ = [
    "ERASED_STATE",
    "LAPSED_STATE",
    "NEW_STATE",
    "HistoryUpdate",
    "ModelVersion",
    "ScoreHistory",
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
