"""Forecast the units of each item from the segments that customers will be in."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segpredict.classifier import TimeOptions
from segpredict.core.arrays import Floats
from segpredict.demand.past import Past
from segpredict.demand.plain import croston, smoothed
from segpredict.demand.sales import sold, weeks
from segpredict.demand.shelves import first_days, shelves
from segpredict.tables import Transactions
from segpredict.window import DAYS_PER_WEEK

MIX, SEASONED, ALIKE = "segments", "segments_season", "everybody_alike"
SEASONAL, LAST, SMOOTHED, CROSTON = (
    "seasonal_naive",
    "last_window",
    "ses",
    "croston_sba",
)


@dataclass(frozen=True)
class Outlook:
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
    season
        Index of each item; 1 where none is known or proven.
    """

    level: str
    items: tuple[str, ...]
    expected: Mapping[str, Floats]
    rates: Floats
    season: Floats


def outlooks(
    transactions: Transactions,
    before: Past,
    mix: Floats,
    time: TimeOptions,
    seasons: Mapping[str, bool],
) -> list[Outlook]:
    """Return the forecasts of each level at a cutoff.

    Parameters
    ----------
    transactions
        The shop.
    before
        What was known.
    mix
        Customers to be expected in each segment, by code, newcomers among them.
    time
        Lengths, in days.
    seasons
        The levels to forecast, and whether their season is proven (`rehearsal`).

    Notes
    -----
    Products share what their category sells, and categories the total but for what is
    shrunk. Products that do not exist yet thus stand in the sum of those that do.
    """
    since = transactions.first_day + time.horizon
    first = first_days(sold(transactions, before.cutoff), since)
    own = shelves(before, len(mix), first)
    alike = shelves(before.merged(), 2, first)
    buyers = mix[1:].sum()
    found = []
    for level, is_proven in seasons.items():
        shelf, one = own[level], alike[level]
        season = shelf.season if is_proven else np.ones(len(shelf.items))
        expected = {
            MIX: shelf.rates @ mix * season,
            SEASONED: shelf.rates @ mix * shelf.season,
            ALIKE: one.rates[:, 1] * buyers * (one.season if is_proven else 1.0),
            **_plain(transactions, before, time, level, shelf.items),
        }
        found.append(Outlook(level, shelf.items, expected, shelf.rates, season))
    return found


def _plain(
    transactions: Transactions,
    before: Past,
    time: TimeOptions,
    level: str,
    items: tuple[str, ...],
) -> dict[str, Floats]:
    told = {LAST: before.windows[0].units(level, items)}
    if before.season is not None:
        told[SEASONAL] = before.season.units(level, items)
    each = weeks(transactions, before.cutoff, level, items)
    length = time.horizon / DAYS_PER_WEEK
    return {
        **told,
        SMOOTHED: smoothed(each) * length,
        CROSTON: croston(each) * length,
    }
