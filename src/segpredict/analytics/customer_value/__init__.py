"""Customer value: revenue at risk, upside and lifetime value, with backtests.

In: forecasts tested out of time, and transactions. Out: values, compared with the actual sums.
"""

from segpredict.analytics.customer_value.by_segment import value_by_segment
from segpredict.analytics.customer_value.exposure import expected_segment_value, risk_and_upside
from segpredict.analytics.customer_value.measure import measure_customer_value
from segpredict.analytics.customer_value.value_model import CLV_COLUMNS, ValueModel

__all__ = [
    "CLV_COLUMNS",
    "ValueModel",
    "expected_segment_value",
    "measure_customer_value",
    "risk_and_upside",
    "value_by_segment",
]
