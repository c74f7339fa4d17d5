"""Naive and smoothing forecasts of demand, which need no segments."""

import numpy as np

from segpredict.core.arrays import FloatArray

SMOOTHING_RATE = 0.1  # how far one week moves the level, in both


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


def croston_sba(weeks: FloatArray, rate: float = SMOOTHING_RATE) -> FloatArray:
    """Return expected weekly units by Croston's method with the Syntetos-Boylan correction.

    Parameters
    ----------
    weeks, rate
        As in `exponential_smoothing`.

    Notes
    -----
    Size z of a week with sales and interval p between such weeks are smoothed separately,
    each updated in weeks with sales only; the forecast is (1 − rate/2) · z/p. Weeks
    before the first sale are not counted. Items never sold are expected not to sell.

    References
    ----------
    Croston, Forecasting and stock control for intermittent demands (1972); Syntetos
    and Boylan, The accuracy of intermittent demand estimates (2005).

    Examples
    --------
    Six pieces every other week, from the first sale on:

    >>> round(float(croston_sba(np.array([[6.0, 0, 6, 0, 6, 0, 6]]))[0]), 3)
    2.85
    """
    size, interval = np.zeros(len(weeks)), np.ones(len(weeks))
    since = np.zeros(len(weeks))
    sales = np.zeros(len(weeks), dtype=int)
    for week in weeks.T:
        since = since + (sales > 0)
        has = week > 0
        first, second = has & (sales == 0), has & (sales == 1)
        later = has & (sales > 1)
        interval = np.where(second, since, interval)
        interval = np.where(later, interval + rate * (since - interval), interval)
        size = np.where(first, week, size)
        size = np.where(second | later, size + rate * (week - size), size)
        sales = sales + has
        since = np.where(has, 0.0, since)
    # Of what sold in one week only, the interval is at least as long as it has been.
    interval = np.where(sales == 1, since + 1, interval)
    return (1 - rate / 2) * size / interval
