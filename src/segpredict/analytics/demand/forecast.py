"""Forecast the units of each item from the segments that customers will be in."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segpredict.analytics.demand.baselines import croston_sba, exponential_smoothing
from segpredict.analytics.demand.history import SalesHistory
from segpredict.analytics.demand.item_rates import first_sale_days, shrunk_item_rates
from segpredict.analytics.demand.sales import sold_lines, weekly_units
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import Transactions
from segpredict.core.window import DAYS_PER_WEEK

SEGMENT_METHOD, SEASONAL_SEGMENT_METHOD, ONE_SEGMENT_METHOD = (
    "segments",
    "segments_season",
    "everybody_alike",
)
SEASONAL_NAIVE, LAST_WINDOW_NAIVE, EXPONENTIAL_SMOOTHING, CROSTON_METHOD = (
    "seasonal_naive",
    "last_window",
    "ses",
    "croston_sba",
)


@dataclass(frozen=True)
class LevelForecast:
    """The units to be expected of the items of one level.

    Parameters
    ----------
    level
        ``total``, ``category`` or ``product``.
    items
        Names, sorted.
    expected
        Units by forecaster, one an item.
    rates
        Units per customer of each segment (columns; code 0 first) without season.
    seasonal_factors
        Index of each item; 1 where none is known or proven.
    """

    level: str
    items: tuple[str, ...]
    expected: Mapping[str, FloatArray]
    rates: FloatArray
    seasonal_factors: FloatArray


def forecast_levels(
    transactions: Transactions,
    history: SalesHistory,
    expected_mix: FloatArray,
    time: TimeOptions,
    seasonal_levels: Mapping[str, bool],
) -> list[LevelForecast]:
    """Return the forecasts of each level at a cutoff.

    Parameters
    ----------
    transactions
        The shop.
    history
        What was known.
    expected_mix
        Customers to be expected in each segment, by code, newcomers among them.
    time
        Lengths, in days.
    seasonal_levels
        The levels to forecast, and whether their season is proven (`rehearsal`).

    Notes
    -----
    Products share what their category sells, and categories the total but for what is
    shrunk. Products that do not exist yet thus stand in the sum of those that do.
    """
    since = transactions.first_day + time.horizon
    first = first_sale_days(sold_lines(transactions, history.cutoff), since)
    own = shrunk_item_rates(history, len(expected_mix), first)
    alike = shrunk_item_rates(history.without_segments(), 2, first)
    buyers = expected_mix[1:].sum()
    found = []
    for level, is_proven in seasonal_levels.items():
        shelf, one = own[level], alike[level]
        season = shelf.seasonal_factors if is_proven else np.ones(len(shelf.items))
        expected = {
            SEGMENT_METHOD: shelf.rates @ expected_mix * season,
            SEASONAL_SEGMENT_METHOD: shelf.rates @ expected_mix * shelf.seasonal_factors,
            ONE_SEGMENT_METHOD: one.rates[:, 1]
            * buyers
            * (one.seasonal_factors if is_proven else 1.0),
            **_plain(transactions, history, time, level, shelf.items),
        }
        found.append(LevelForecast(level, shelf.items, expected, shelf.rates, season))
    return found


def _plain(
    transactions: Transactions,
    before: SalesHistory,
    time: TimeOptions,
    level: str,
    items: tuple[str, ...],
) -> dict[str, FloatArray]:
    told = {LAST_WINDOW_NAIVE: before.windows[0].units_sold(level, items)}
    if before.season_window is not None:
        told[SEASONAL_NAIVE] = before.season_window.units_sold(level, items)
    each = weekly_units(transactions, before.cutoff, level, items)
    length = time.horizon / DAYS_PER_WEEK
    return {
        **told,
        EXPONENTIAL_SMOOTHING: exponential_smoothing(each) * length,
        CROSTON_METHOD: croston_sba(each) * length,
    }
