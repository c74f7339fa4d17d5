"""What the next window will be asked for, by product, category and in all.

In: forecasts of the next segment, tested out of time, and the shop's transactions. Out:
units to be expected, from the segments that customers will be in; how far such
forecasts were off beside plain ones; what to order of levels that were nearer than
seasonal-naive; and what each segment buys more of than others do.
"""

from segpredict.demand.measure import DEMAND_TABLES, DemandForecast, forecast_demand
from segpredict.demand.options import DemandOptions
from segpredict.demand.plain import croston_sba, exponential_smoothing
from segpredict.demand.shrinkage import gamma_poisson_rates
from segpredict.demand.spread import (
    critical_ratio,
    negative_binomial_dispersion,
    negative_binomial_quantile,
)

__all__ = [
    "DEMAND_TABLES",
    "DemandForecast",
    "DemandOptions",
    "critical_ratio",
    "croston_sba",
    "exponential_smoothing",
    "forecast_demand",
    "gamma_poisson_rates",
    "negative_binomial_dispersion",
    "negative_binomial_quantile",
]
