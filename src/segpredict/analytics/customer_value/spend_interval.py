"""Intervals of the spend to come: conformal, from earlier backtests."""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from segpredict.analytics.customer_value.spend_model import BANDS, band_limits
from segpredict.classifier.stored_state import StoredState
from segpredict.core.arrays import FloatArray

INTERVAL_LEVEL = 0.9  # share of the customers whose spend the interval is to hold
MIN_BAND_ROWS = 100  # forecasts that a band needs, so that its ends are not single customers


@dataclass(frozen=True, slots=True)
class SpendInterval(StoredState):
    """Lowest and highest usual ratio of actual to expected spend, by band of expected spend.

    >>> interval = SpendInterval((50.0,), (0.0, 0.5), (4.0, 2.0))
    >>> [ends.tolist() for ends in interval.bounds(np.array([10.0, 100.0]))]
    [[0.0, 50.0], [40.0, 200.0]]
    """

    limits: tuple[float, ...]  # expected spend from which each band but the first begins
    # the ratios, one a band
    low: tuple[float, ...]
    high: tuple[float, ...]

    def bounds(self, expected: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the lower and the upper end, one a customer, in currency."""
        band = np.searchsorted(self.limits, expected, side="right")
        return np.array(self.low)[band] * expected, np.array(self.high)[band] * expected


def fit_spend_interval(expected: FloatArray, spend: FloatArray) -> SpendInterval | None:
    """Return the interval that past forecasts would have needed; ``None`` with too few of them.

    Expected and actual spend are of earlier backtests, one a customer and window. Split conformal
    prediction (Lei et al. 2018) in each band. The score is actual over expected spend, so an
    interval grows with the customer; refunds count as no spend.
    """
    is_known = expected > 0
    expected, spend = expected[is_known], np.maximum(spend[is_known], 0.0)
    if len(expected) < MIN_BAND_ROWS:
        return None
    limits = band_limits(expected, BANDS, MIN_BAND_ROWS)
    band = np.searchsorted(limits, expected, side="right")
    ends = [_ends(np.sort((spend / expected)[band == i])) for i in range(len(limits) + 1)]
    return SpendInterval(limits, tuple(e[0] for e in ends), tuple(e[1] for e in ends))


def _ends(ratios: FloatArray) -> tuple[float, float]:
    """Return the ratios between which a further one lies with the probability of the level.

    Where many buy nothing the lower end is zero, below which nobody is: all of the rest is above.
    """
    n, tail = len(ratios), (1 - INTERVAL_LEVEL) / 2
    place = floor((n + 1) * tail)
    low = float(ratios[place - 1]) if place else 0.0
    above = tail if low > 0 else 2 * tail
    return low, float(ratios[min(ceil((n + 1) * (1 - above)), n) - 1])
