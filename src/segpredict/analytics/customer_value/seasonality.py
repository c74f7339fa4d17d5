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
