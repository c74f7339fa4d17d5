"""Forecasts against what came, with the bands that the shop's own past gives, and what to do.

In: figures of backtests and of later dates. Out: bands, findings, and whether to train again.
"""

from segpredict.analytics.monitoring.bands import FigureBand, figure_band
from segpredict.analytics.monitoring.rule import Finding, RefreshAdvice, advise_refresh

__all__ = ["FigureBand", "Finding", "RefreshAdvice", "advise_refresh", "figure_band"]
