"""Whether a season pays is asked of earlier windows, before it is used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from segpredict.analytics.demand.history import SalesHistory, last_year_window
from segpredict.analytics.demand.item_rates import first_sale_days, shrunk_item_rates
from segpredict.analytics.demand.sales import WindowSales, sold_lines
from segpredict.config.classifier import TimeOptions
from segpredict.core.transactions import Transactions

MAX_INNER_ORIGINS = 3  # rehearsals that are listened to


@dataclass(frozen=True)
class InnerBacktest:
    """How far off an earlier forecast was, had it known who would buy.

    Parameters
    ----------
    cutoff
        Its day.
    error_plain, error_seasonal
        Σ |expected − came| by level, without and with the season's index.
    """

    cutoff: int
    error_plain: Mapping[str, float]
    error_seasonal: Mapping[str, float]


def inner_cutoffs(cutoff: int, time: TimeOptions, first_day: int) -> tuple[int, ...]:
    """Return the cutoffs that can be rehearsed by a day, newest first.

    Examples
    --------
    >>> rehearsals(700, TimeOptions(), 100)
    (609, 518)
    """
    newest = cutoff - time.days_to_complete
    back = [newest - i * time.horizon for i in range(MAX_INNER_ORIGINS)]
    return tuple(day for day in back if last_year_window(day, time, first_day))


def inner_backtest(
    transactions: Transactions, history: SalesHistory, actual: WindowSales, time: TimeOptions
) -> InnerBacktest:
    """Return what units per customer and season would have said of a window.

    Notes
    -----
    The customers of each segment are those who came, so that only baskets are judged.
    """
    mix = actual.members.astype(float)
    since = transactions.first_day + time.horizon
    first = first_sale_days(sold_lines(transactions, history.cutoff), since)
    plain, seasoned = {}, {}
    for level, shelf in shrunk_item_rates(history, len(mix), first).items():
        units, said = actual.units_sold(level, shelf.items), shelf.rates @ mix
        plain[level] = float(np.abs(said - units).sum())
        seasoned[level] = float(np.abs(said * shelf.seasonal_factors - units).sum())
    return InnerBacktest(history.cutoff, plain, seasoned)


def seasonal_levels(known: Iterable[InnerBacktest]) -> frozenset[str]:
    """Return the levels whose season brought earlier forecasts nearer.

    Examples
    --------
    >>> sorted(proven([Rehearsal(9, {"total": 5.0, "product": 8.0},
    ...     {"total": 4.0, "product": 9.0})]))
    ['total']
    """
    told = list(known)
    return frozenset(
        level
        for level in {name for each in told for name in each.error_plain}
        if sum(each.error_seasonal[level] for each in told)
        < sum(each.error_plain[level] for each in told)
    )
