"""What customers are worth, what of it is at risk, and how far that can be trusted.

In: forecasts of the next segment, tested out of time, and the shop's transactions. Out:
revenue at risk and upside, lifetime value by a Markov chain and by BG/NBD with
Gamma-Gamma, and what came of each in the tests.
"""

from segpredict.worth.buying import PurchaseModel
from segpredict.worth.chain import markov_values
from segpredict.worth.exposure import expected_segment_value, risk_and_upside
from segpredict.worth.measure import CustomerValueResult, measure_customer_value
from segpredict.worth.options import CustomerValueOptions
from segpredict.worth.periods import ValuePeriod, value_periods
from segpredict.worth.season import SpendSeasonality
from segpredict.worth.segments import VALUE_COLUMNS, value_by_segment
from segpredict.worth.valuer import CLV_COLUMNS, ValueModel

__all__ = [
    "CLV_COLUMNS",
    "VALUE_COLUMNS",
    "CustomerValueOptions",
    "CustomerValueResult",
    "PurchaseModel",
    "SpendSeasonality",
    "ValueModel",
    "ValuePeriod",
    "expected_segment_value",
    "markov_values",
    "measure_customer_value",
    "risk_and_upside",
    "value_by_segment",
    "value_periods",
]
