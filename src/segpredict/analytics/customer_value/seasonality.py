"""How much more or less customers spend at some time of the year than their segment says.

A season mostly moves customers between segments, which the forecast covers. What is left, such as
larger orders before Christmas, is read from the same season of earlier years.
"""

from dataclasses import dataclass

import numpy as np

from segpredict.classifier.stored_state import StoredState
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.window import DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class SpendSeasonality(StoredState):
    """The seasonal factor on spend, by day of the forecast.

    Parameters
    ----------
    horizon
        Days of a window.
    origins
        For each past origin: its day, the actual spend of its outcome, the spend expected of the
        segments reached, and the standard error of their difference.

    Examples
    --------
    >>> season = SpendSeasonality(91, ((0, 120.0, 100.0, 10.0), (182, 90.0, 100.0, 10.0)))
    >>> [round(season.factor_at(day), 3) for day in (364, 546, 450)]
    [1.15, 1.0, 1.0]
    """

    horizon: int
    origins: tuple[tuple[int, float, float, float], ...] = ()

    def factor_at(self, day: int) -> float:
        """Return the factor on the spend of the window after a day; 1 without a year before it.

        Notes
        -----
        With x the relative deviation in the same season of earlier years and e its standard error,
        the factor is 1 + x · max(0, 1 − e² / x²): the positive-part estimate of James and Stein,
        by which a deviation that may be chance is not carried on.
        """
        like = [each for each in self.origins if is_same_season(each[0], day, self.horizon)]
        spent, expected, error = (sum(each[i] for each in like) for i in (1, 2, 3))
        if spent <= 0 or expected <= 0 or spent == expected:
            return 1.0
        # Neighbouring origins share their customers, so their errors are added as they are.
        deviation, error = spent / expected - 1, error / expected
        return 1 + deviation * max(0.0, 1 - (error / deviation) ** 2)


def is_same_season(origin: int, day: int, horizon: int) -> bool:
    """Return whether an origin lies in the season of a day, a year or more before it.

    >>> [is_same_season(0, day, 91) for day in (364, 400, 420, 10)]
    [True, True, False, False]
    """
    apart = (day - origin) % DAYS_PER_YEAR
    is_near = min(apart, DAYS_PER_YEAR - apart) <= horizon / 2
    return is_near and day - origin >= DAYS_PER_YEAR - horizon / 2


def fit_seasonality(
    horizon: int, cutoffs: IntArray, spend: FloatArray, expected: FloatArray
) -> SpendSeasonality:
    """Return the seasonality of past windows whose outcomes are complete.

    Parameters
    ----------
    horizon
        Days of a window.
    cutoffs, spend, expected
        Day of the forecast, actual spend, and spend expected of the segment reached, one a row.
    """
    found = []
    for day in np.unique(cutoffs).tolist():
        spent, usual = spend[cutoffs == day], expected[cutoffs == day]
        error = float(np.sqrt(((spent - usual) ** 2).sum()))
        found.append((int(day), float(spent.sum()), float(usual.sum()), error))
    return SpendSeasonality(horizon, tuple(found))
