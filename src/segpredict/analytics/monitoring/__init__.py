"""Forecasts against what came, with the bands that the shop's own past gives, and what to do.

In: figures of backtests and of later dates. Out: bands, findings, and whether to train again.
"""

from segpredict.analytics.monitoring.bands import FigureBand, figure_band, pooled_bands
from segpredict.analytics.monitoring.drift import DriftStatistics, measure_drift
from segpredict.analytics.monitoring.rule import (
    FIGURE_LABELS,
    Finding,
    RefreshAdvice,
    advise_refresh,
)

__all__ = [
    "FIGURE_LABELS",
    "DriftStatistics",
    "FigureBand",
    "Finding",
    "RefreshAdvice",
    "advise_refresh",
    "figure_band",
    "measure_drift",
    "pooled_bands",
]
