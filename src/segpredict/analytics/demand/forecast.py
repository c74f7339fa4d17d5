"""Forecast the units of each item from the segments that customers will be in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.analytics.demand.history import SalesHistory
from segpredict.analytics.demand.item_rates import first_sale_days, shrunk_item_rates
from segpredict.analytics.demand.sales import sold_lines, weekly_units
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import Transactions
from segpredict.core.window import DAYS_PER_WEEK

SEGMENT_METHOD, ONE_SEGMENT_METHOD = "segments", "everybody_alike"
SEASONAL_NAIVE, LAST_WINDOW_NAIVE = "seasonal_naive", "last_window"
EXPONENTIAL_SMOOTHING, SMOOTHED_SHARES = "ses", "ses_season"
SMOOTHING_RATE = 0.1  # how far one week moves the level


@dataclass(frozen=True)
class LevelForecast:
    """The units to be expected of the items of one level."""

    level: str  # ``total``, ``category`` or ``product``
    items: tuple[str, ...]  # names, sorted
    expected: Mapping[str, FloatArray]  # units by method, one an item
    rates: FloatArray  # units per customer of each segment (columns; code 0 first)


def forecast_levels(
    transactions: Transactions,
    history: SalesHistory,
    expected_mix: FloatArray,
    time: TimeOptions,
    levels: Sequence[str],
) -> list[LevelForecast]:
    """Return the forecasts of each level at a cutoff; products share what their category sells."""
    since = transactions.first_day + time.horizon
    first = first_sale_days(sold_lines(transactions, history.cutoff), since)
    by_segment = shrunk_item_rates(history, len(expected_mix), first)
    pooled = shrunk_item_rates(history.without_segments(), 2, first)
    found = []
    for level in levels:
        items, rates = by_segment[level].items, by_segment[level].rates
        expected = {
            SEGMENT_METHOD: rates @ expected_mix,
            ONE_SEGMENT_METHOD: pooled[level].rates[:, 1] * expected_mix[1:].sum(),
            **_without_customers(transactions, history, time, level, items),
        }
        found.append(LevelForecast(level, items, expected, rates))
    return found


def _without_customers(
    transactions: Transactions,
    history: SalesHistory,
    time: TimeOptions,
    level: str,
    items: tuple[str, ...],
) -> dict[str, FloatArray]:
    """Return the forecasts that past units alone give."""
    found = {LAST_WINDOW_NAIVE: history.windows[0].units_sold(level, items)}
    weeks = weekly_units(transactions, history.cutoff, level, items)
    smoothed = exponential_smoothing(weeks) * (time.horizon / DAYS_PER_WEEK)
    if history.season_window is not None:
        found[SEASONAL_NAIVE] = history.season_window.units_sold(level, items)
        if len(items) > 1 and smoothed.sum():
            # The newest shares of the items, at the units of last year's season.
            found[SMOOTHED_SHARES] = smoothed * (found[SEASONAL_NAIVE].sum() / smoothed.sum())
    return found | {EXPONENTIAL_SMOOTHING: smoothed}


def exponential_smoothing(weeks: FloatArray) -> FloatArray:
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
        level = level + SMOOTHING_RATE * (week - level)
    return level
