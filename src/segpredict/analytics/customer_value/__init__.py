"""Customer value: expected spend, revenue at risk, upside and lifetime value, with backtests.

In: forecasts tested out of time, and transactions. Out: values, compared with the actual sums.
"""

from segpredict.analytics.customer_value.base_value import base_values
from segpredict.analytics.customer_value.expected_total import (
    MIN_TOTALS,
    ExpectedTotal,
    expected_total,
    value_by_segment,
)
from segpredict.analytics.customer_value.measure import (
    LOSS_BY_SPEND,
    CustomerValueResult,
    measure_customer_value,
)
from segpredict.analytics.customer_value.value_model import FORECAST_COLUMNS, ValueModel

__all__ = [
    "FORECAST_COLUMNS",
    "LOSS_BY_SPEND",
    "MIN_TOTALS",
    "CustomerValueResult",
    "ExpectedTotal",
    "ValueModel",
    "base_values",
    "expected_total",
    "measure_customer_value",
    "value_by_segment",
]
