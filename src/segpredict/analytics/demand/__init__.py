"""What the next window will be asked for, by product, category and in all.

In: forecasts of the next segment, tested out of time, and the shop's transactions. Out:
units to be expected, from the segments that customers will be in; how far such
forecasts were off beside plain ones; what to order of levels that were nearer than
seasonal-naive; and what each segment buys more of than others do.
"""

from segpredict.analytics.demand.baselines import croston_sba, exponential_smoothing
from segpredict.analytics.demand.dispersion import (
    critical_ratio,
    negative_binomial_dispersion,
    negative_binomial_quantile,
)
from segpredict.analytics.demand.measure import DEMAND_TABLES, DemandForecast, forecast_demand
from segpredict.analytics.demand.shrinkage import gamma_poisson_rates

__all__ = [
    "DEMAND_TABLES",
    "DemandForecast",
    "critical_ratio",
    "croston_sba",
    "exponential_smoothing",
    "forecast_demand",
    "gamma_poisson_rates",
    "negative_binomial_dispersion",
    "negative_binomial_quantile",
]
