"""Demand forecasts for the next window, by product, category and in total.

In: forecasts of the next segment, and transactions. Out: units, order quantities and affinity.
"""

from segpredict.analytics.demand.measure import DEMAND_TABLES, forecast_demand

__all__ = ["DEMAND_TABLES", "forecast_demand"]
