"""The expected spend of the next window: a customer's rhythm, less what is at risk, plus upside.

What is lost and gained depends on the next segment, whose probabilities are the forecast's, and on
the base value: a customer who spends much and falls into a small segment loses most of it.

A season mostly moves customers between segments, which the forecast covers. What is left, such as
larger orders before Christmas, is read from the same season of earlier years.
"""

from dataclasses import dataclass

import numpy as np

from segpredict.classifier.stored_state import StoredState
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.window import DAYS_PER_YEAR

BANDS = 5  # of the base value in each next segment, and of expected spend; as equal as ties allow
MIN_BAND_ROWS = 50  # past customers that a band needs

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class SpendForecast:
    """The next window of some customers, in currency: one value a customer."""

    expected: FloatArray  # base − risk + upside
    risk: FloatArray  # never above the base
    upside: FloatArray


@dataclass(frozen=True, slots=True)
class SpendModel(StoredState):
    """What customers lose and gain against their base value, by next segment and band of base.

    >>> model = SpendModel(((), ()), ((1.0,), (0.25,)), ((0.0,), (5.0,)), ((0.0,), (0.5,)))
    >>> model.forecast(np.array([40.0]), np.array([[0.5, 0.5]])).expected.tolist()
    [27.5]
    """

    # all by next segment in code order, and by band of the base value
    limits: Rows  # base value from which each band but the first begins
    lost_shares: Rows  # share of the base value that is lost
    # expected gain: intercept + slope × base value
    gain_intercepts: Rows
    gain_slopes: Rows

    def forecast(
        self, base: FloatArray, probabilities: FloatArray, season: float = 1.0
    ) -> SpendForecast:
        """Return the expected spend of each customer, with its parts.

        `season` is a factor on the expected spend: what a customer keeps of her base and her upside
        are multiplied by it; what is kept beyond the base is upside.
        """
        # Segment by segment: library sums group their terms by the number of rows, and a
        # customer alone must get the bits she gets among others.
        lost, upside = np.zeros(len(base)), np.zeros(len(base))
        for code, limits in enumerate(self.limits):
            band = np.searchsorted(limits, base, side="right")
            share, intercept, slope = (
                np.array(values[code])[band]
                for values in (self.lost_shares, self.gain_intercepts, self.gain_slopes)
            )
            lost += probabilities[:, code] * share
            upside += probabilities[:, code] * (intercept + slope * base)
        # A sum of rounded shares can pass one by a last bit.
        kept = season * base * (1 - np.minimum(lost, 1.0))
        risk = base - np.minimum(kept, base)
        upside = season * upside + np.maximum(kept - base, 0.0)
        return SpendForecast(base - risk + upside, risk, upside)


def fit_spend_model(
    base: FloatArray, spend: FloatArray, labels: IntArray, classes: int
) -> SpendModel:
    """Return the model of past windows whose outcomes are complete.

    A segment that no row reached is treated as all active ones together.
    """
    limits: list[tuple[float, ...]] = []
    bands: list[list[tuple[float, float, float]]] = []
    # The inactive lose all and gain nothing; those without one of the shop's own segments may buy.
    is_idle = not (spend[labels == INACTIVE_CODE] > 0).any()
    if is_idle:
        limits, bands = [()], [[(1.0, 0.0, 0.0)]]
    for code in range(INACTIVE_CODE + is_idle, classes):
        is_here = labels == code
        rows = is_here if is_here.any() else labels != INACTIVE_CODE
        found = band_limits(base[rows], BANDS, MIN_BAND_ROWS)
        band = np.searchsorted(found, base[rows], side="right")
        here = [band == i for i in range(len(found) + 1)]
        limits.append(found)
        bands.append([_band(base[rows][each], spend[rows][each]) for each in here])
    parts = [tuple(tuple(band[i] for band in row) for row in bands) for i in range(3)]
    return SpendModel(tuple(limits), *parts)


def band_limits(values: FloatArray, bands: int, min_rows: int) -> tuple[float, ...]:
    """Return the values from which each band but the first begins.

    >>> band_limits(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), 3, 2)
    (3.0, 5.0)
    """
    count = min(bands, len(values) // min_rows)
    ordered = np.sort(values)
    found = {float(ordered[len(ordered) * i // count]) for i in range(1, count)}
    # A band below the smallest value would be empty.
    return tuple(sorted(found - set(ordered[:1].tolist())))


def _band(base: FloatArray, spend: FloatArray) -> tuple[float, float, float]:
    """Return the share lost, and intercept and slope of the gain, of the rows of one band."""
    total = float(base.sum())
    lost = float(np.maximum(base - spend, 0.0).sum())
    share = min(lost / total, 1.0) if total > 0 else 0.0
    return (share, *_gain(base, np.maximum(spend - base, 0.0)))


def _gain(base: FloatArray, gain: FloatArray) -> tuple[float, float]:
    """Return intercept and slope of the expected gain, neither below zero.

    Weights are 1 / (base + mean base): gains of large customers vary more. With these weights, and
    with each of the two lines that are left where one part would be negative, the sum of what is
    expected is that of the actual gains.
    """
    if len(base) == 0:
        return 0.0, 0.0
    mean, mean_gain = float(base.mean()), float(gain.mean())
    if mean <= 0:
        return mean_gain, 0.0
    weight = 1.0 / (base + mean)
    total = float(weight.sum())
    middle, middle_gain = float((weight * base).sum()) / total, float((weight * gain).sum()) / total
    spread = float((weight * (base - middle) ** 2).sum())
    slope = float((weight * (base - middle) * gain).sum()) / spread if spread > 0 else 0.0
    if slope <= 0:
        return mean_gain, 0.0
    intercept = middle_gain - slope * middle
    return (intercept, slope) if intercept >= 0 else (0.0, mean_gain / mean)


@dataclass(frozen=True, slots=True)
class SpendSeasonality(StoredState):
    """The seasonal factor on spend, by day of the forecast.

    >>> season = SpendSeasonality(91, ((0, 120.0, 100.0, 10.0), (182, 90.0, 100.0, 10.0)))
    >>> [round(season.factor_at(day), 3) for day in (364, 546, 450)]
    [1.15, 1.0, 1.0]
    """

    horizon: int  # days of a window
    # for each past origin: its day, the actual spend of its outcome, the spend expected of the
    # segments reached, and the standard error of their difference
    origins: tuple[tuple[int, float, float, float], ...] = ()

    def factor_at(self, day: int) -> float:
        """Return the factor on the spend of the window after a day; 1 without a year before it.

        Of each earlier year the origin nearest to the same day counts, at most half a horizon away.
        With x their relative deviation and e its standard error, the factor is
        1 + x · max(0, 1 − e² / x²): the positive-part estimate of James and Stein, by which a
        deviation that may be chance is not carried on.
        """
        nearest: dict[int, tuple[int, float, float, float]] = {}
        for origin in sorted(self.origins, key=lambda each: -years_apart(each[0], day)[1]):
            years, apart = years_apart(origin[0], day)
            if years > 0 and apart <= self.horizon / 2:
                nearest[years] = origin  # the last one is the nearest
        like = nearest.values()
        spent, expected, error = (sum(each[i] for each in like) for i in (1, 2, 3))
        if spent <= 0 or expected <= 0 or spent == expected:
            return 1.0
        # The years share their customers, so their errors are added as they are.
        deviation, error = spent / expected - 1, error / expected
        return 1 + deviation * max(0.0, 1 - (error / deviation) ** 2)


def years_apart(origin: int, day: int) -> tuple[int, int]:
    """Return how many whole years an origin lies before a day, about, and the days left over.

    >>> [years_apart(0, day) for day in (364, 400, 350, 728, 10)]
    [(1, 0), (1, 36), (1, 14), (2, 0), (0, 10)]
    """
    years = (day - origin + DAYS_PER_YEAR // 2) // DAYS_PER_YEAR
    return years, abs(day - origin - years * DAYS_PER_YEAR)


def fit_seasonality(
    horizon: int, cutoffs: IntArray, spend: FloatArray, expected: FloatArray
) -> SpendSeasonality:
    """Return the seasonality of past windows whose outcomes are complete.

    One row a customer and window: day of the forecast, actual spend, and spend expected of the
    segment reached.
    """
    found = []
    for day in np.unique(cutoffs).tolist():
        spent, usual = spend[cutoffs == day], expected[cutoffs == day]
        error = float(np.sqrt(((spent - usual) ** 2).sum()))
        found.append((int(day), float(spent.sum()), float(usual.sum()), error))
    return SpendSeasonality(horizon, tuple(found))
