"""Inner validation: seasonal indices are used only where they reduced earlier errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from segpredict.analytics.demand.history import SalesHistory, last_year_window
from segpredict.analytics.demand.item_rates import first_sale_days, shrunk_item_rates
from segpredict.analytics.demand.sales import WindowSales, sold_lines
from segpredict.config.classifier import TimeOptions
from segpredict.core.transactions import Transactions

MAX_INNER_ORIGINS = 3  # newest inner backtests that count


@dataclass(frozen=True)
class InnerBacktest:
    """Error of an earlier forecast, given the actual number of buyers."""

    cutoff: int  # its day
    # Σ |expected − actual| by level, without and with the season's index
    error_plain: Mapping[str, float]
    error_seasonal: Mapping[str, float]


def inner_cutoffs(cutoff: int, time: TimeOptions, first_day: int) -> tuple[int, ...]:
    """Return the cutoffs of inner backtests known on a day, newest first.

    >>> inner_cutoffs(700, TimeOptions(), 100)
    (609, 518)
    """
    newest = cutoff - time.days_to_complete
    back = [newest - i * time.horizon for i in range(MAX_INNER_ORIGINS)]
    return tuple(day for day in back if last_year_window(day, time, first_day))


def inner_backtest(
    transactions: Transactions, history: SalesHistory, actual: WindowSales, time: TimeOptions
) -> InnerBacktest:
    """Return the errors of units per actual customer, without and with season, in one window."""
    mix = actual.members.astype(float)
    since = transactions.first_day + time.horizon
    first = first_sale_days(sold_lines(transactions, history.cutoff), since)
    plain, seasoned = {}, {}
    for level, item_rates in shrunk_item_rates(history, len(mix), first).items():
        units, predicted = actual.units_sold(level, item_rates.items), item_rates.rates @ mix
        plain[level] = float(np.abs(predicted - units).sum())
        seasoned[level] = float(np.abs(predicted * item_rates.seasonal_factors - units).sum())
    return InnerBacktest(history.cutoff, plain, seasoned)


def seasonal_levels(known: Iterable[InnerBacktest]) -> frozenset[str]:
    """Return the levels whose season reduced the errors of earlier forecasts.

    >>> sorted(seasonal_levels([InnerBacktest(9, {"total": 5.0, "product": 8.0},
    ...     {"total": 4.0, "product": 9.0})]))
    ['total']
    """
    backtests = list(known)
    return frozenset(
        level
        for level in {name for each in backtests for name in each.error_plain}
        if sum(each.error_seasonal[level] for each in backtests)
        < sum(each.error_plain[level] for each in backtests)
    )
