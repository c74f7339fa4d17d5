"""A smoothing forecast of demand, which needs no segments."""

import numpy as np

from segpredict.core.arrays import FloatArray

SMOOTHING_RATE = 0.1  # how far one week moves the level


def exponential_smoothing(weeks: FloatArray, rate: float = SMOOTHING_RATE) -> FloatArray:
    """Return the units of a week to be expected of each item: exponential smoothing.

    The level begins with the mean of the first quarter of a year and moves by rate · (week − level)
    each week.

    >>> exponential_smoothing(np.array([[4.0, 4.0, 4.0, 4.0]])).tolist()
    [4.0]
    """
    if weeks.shape[1] == 0:
        return np.zeros(len(weeks))
    level: FloatArray = weeks[:, :13].mean(axis=1)
    for week in weeks.T:
        level = level + rate * (week - level)
    return level
