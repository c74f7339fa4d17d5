"""What the next window will be asked for, by product, category and in all.

In: forecasts of the next segment, tested out of time, and the shop's transactions. Out:
units to be expected, from the segments that customers will be in; how far such
forecasts were off beside plain ones; what to order of levels that were nearer than
seasonal-naive; and what each segment buys more of than others do.
"""

from segpredict.demand.measure import TABLES, Demand, measure
from segpredict.demand.options import DemandOptions
from segpredict.demand.plain import croston, smoothed
from segpredict.demand.shrinkage import shrunk
from segpredict.demand.spread import critical_ratio, dispersion, quantile

__all__ = [
    "TABLES",
    "Demand",
    "DemandOptions",
    "critical_ratio",
    "croston",
    "dispersion",
    "measure",
    "quantile",
    "shrunk",
    "smoothed",
]
