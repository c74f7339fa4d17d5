"""Customer value: revenue at risk, upside and lifetime value, with backtests.

In: forecasts tested out of time, and transactions. Out: values, compared with the actual sums.
"""

from segpredict.analytics.customer_value.bgnbd_value import PurchaseModel
from segpredict.analytics.customer_value.by_segment import VALUE_COLUMNS, value_by_segment
from segpredict.analytics.customer_value.exposure import expected_segment_value, risk_and_upside
from segpredict.analytics.customer_value.markov_value import markov_values
from segpredict.analytics.customer_value.measure import CustomerValueResult, measure_customer_value
from segpredict.analytics.customer_value.periods import ValuePeriod, value_periods
from segpredict.analytics.customer_value.seasonality import SpendSeasonality
from segpredict.analytics.customer_value.value_model import CLV_COLUMNS, ValueModel

__all__ = [
    "CLV_COLUMNS",
    "VALUE_COLUMNS",
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
