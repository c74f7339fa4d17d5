"""Customer value: expected spend, revenue at risk, upside and lifetime value, with backtests.

In: forecasts tested out of time, and transactions. Out: values, compared with the actual sums.
"""

from segpredict.analytics.customer_value.base_value import base_values
from segpredict.analytics.customer_value.bgnbd_value import PurchaseModel
from segpredict.analytics.customer_value.by_segment import VALUE_COLUMNS, value_by_segment
from segpredict.analytics.customer_value.expected_total import (
    MIN_TOTALS,
    TOTAL_LEVEL,
    ExpectedTotal,
    expected_total,
)
from segpredict.analytics.customer_value.measure import (
    LOSS_BY_SPEND,
    CustomerValueResult,
    measure_customer_value,
)
from segpredict.analytics.customer_value.periods import ValuePeriod, value_periods
from segpredict.analytics.customer_value.seasonality import SpendSeasonality, fit_seasonality
from segpredict.analytics.customer_value.spend_interval import SpendInterval, fit_spend_interval
from segpredict.analytics.customer_value.spend_model import (
    SpendForecast,
    SpendModel,
    fit_spend_model,
)
from segpredict.analytics.customer_value.value_model import FORECAST_COLUMNS, ValueModel

__all__ = [
    "FORECAST_COLUMNS",
    "LOSS_BY_SPEND",
    "MIN_TOTALS",
    "TOTAL_LEVEL",
    "VALUE_COLUMNS",
    "CustomerValueResult",
    "ExpectedTotal",
    "PurchaseModel",
    "SpendForecast",
    "SpendInterval",
    "SpendModel",
    "SpendSeasonality",
    "ValueModel",
    "ValuePeriod",
    "base_values",
    "expected_total",
    "fit_seasonality",
    "fit_spend_interval",
    "fit_spend_model",
    "measure_customer_value",
    "value_by_segment",
    "value_periods",
]
