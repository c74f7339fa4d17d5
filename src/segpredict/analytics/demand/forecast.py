"""Forecast the units of each item from the segments that customers will be in."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segpredict.analytics.demand.history import SalesHistory
from segpredict.analytics.demand.item_rates import first_sale_days, shrunk_item_rates
from segpredict.analytics.demand.sales import sold_lines, weekly_units
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import Transactions
from segpredict.core.window import DAYS_PER_WEEK

SEGMENT_METHOD, SEASONAL_SEGMENT_METHOD = "segments", "segments_season"
ONE_SEGMENT_METHOD = "everybody_alike"
SEASONAL_NAIVE, LAST_WINDOW_NAIVE = "seasonal_naive", "last_window"
EXPONENTIAL_SMOOTHING, SMOOTHED_SHARES = "ses", "ses_season"
SMOOTHING_RATE = 0.1  # how far one week moves the level


@dataclass(frozen=True)
class LevelForecast:
    """The units to be expected of the items of one level."""

    level: str  # ``total``, ``category`` or ``product``
    items: tuple[str, ...]  # names, sorted
    expected: Mapping[str, FloatArray]  # units by method, one an item
    rates: FloatArray  # units per customer of each segment (columns; code 0 first) without season
    seasonal_factors: FloatArray  # index of each item; 1 where none is known or proven


def forecast_levels(
    transactions: Transactions,
    history: SalesHistory,
    expected_mix: FloatArray,
    time: TimeOptions,
    seasonal_levels: Mapping[str, bool],
) -> list[LevelForecast]:
    """Return the forecasts of each level at a cutoff; products share what their category sells."""
    since = transactions.first_day + time.horizon
    first = first_sale_days(sold_lines(transactions, history.cutoff), since)
    segment_rates = shrunk_item_rates(history, len(expected_mix), first)
    pooled_rates = shrunk_item_rates(history.without_segments(), 2, first)
    buyers = expected_mix[1:].sum()
    found = []
    for level, is_proven in seasonal_levels.items():
        known, one = segment_rates[level], pooled_rates[level]
        season = known.seasonal_factors if is_proven else np.ones(len(known.items))
        season_of_one = one.seasonal_factors if is_proven else 1.0
        expected = {
            SEGMENT_METHOD: known.rates @ expected_mix * season,
            SEASONAL_SEGMENT_METHOD: known.rates @ expected_mix * known.seasonal_factors,
            ONE_SEGMENT_METHOD: one.rates[:, 1] * buyers * season_of_one,
            **_plain(transactions, history, time, level, known.items),
        }
        found.append(LevelForecast(level, known.items, expected, known.rates, season))
    return found


def _plain(
    transactions: Transactions,
    history: SalesHistory,
    time: TimeOptions,
    level: str,
    items: tuple[str, ...],
) -> dict[str, FloatArray]:
    naive = {LAST_WINDOW_NAIVE: history.windows[0].units_sold(level, items)}
    if history.season_window is not None:
        naive[SEASONAL_NAIVE] = history.season_window.units_sold(level, items)
    each = weekly_units(transactions, history.cutoff, level, items)
    length = time.horizon / DAYS_PER_WEEK
    smoothed = exponential_smoothing(each) * length
    if SEASONAL_NAIVE in naive and len(items) > 1 and smoothed.sum():
        # The newest shares of the items, at the units of last year's season.
        naive[SMOOTHED_SHARES] = smoothed * (naive[SEASONAL_NAIVE].sum() / smoothed.sum())
    return {
        **naive,
        EXPONENTIAL_SMOOTHING: smoothed,
    }


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
