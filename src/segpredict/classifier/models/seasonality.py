"""A seasonal index of the orders: how busy a shop is in each week of the year.

Orders of a week are divided by those that BG/NBD expects of the same customers, each at a pace of
their own, so that neither growth in customers nor their ageing is taken for a season.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.classifier.models.btyd import BgNbd
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import HISTORY_COLUMNS, HistoryAtCutoff
from segpredict.core.arrays import FloatArray
from segpredict.core.window import DAYS_PER_WEEK, DAYS_PER_YEAR

WEEKS_PER_YEAR = DAYS_PER_YEAR // DAYS_PER_WEEK
# The index is clipped: a shop that was closed last year may be open now.
MIN_INDEX, MAX_INDEX = 0.35, 2.6


@dataclass(frozen=True, slots=True)
class SeasonalIndex(StoredState):
    """How busy each week of a year was, relative to its average week."""

    # repeat purchases in each of 52 weeks, and those expected of the same customers
    weekly_returns: tuple[float, ...]
    weekly_expected: tuple[float, ...]
    known_until: int  # the day (number) after the last of these weeks

    def mean_index(self, start: int, days: int) -> float:
        """Return the index of these days, if they are like a year ago.

        >>> busy = SeasonalIndex((5.0,) * 26 + (15.0,) * 26, (10.0,) * 52, known_until=1000)
        >>> busy.mean_index(1000, 182), busy.mean_index(1000 + 182, 182), busy.mean_index(1000, 364)
        (0.5, 1.5, 1.0)
        """
        days_since = np.arange(start, start + days) - self.known_until
        weeks = days_since % DAYS_PER_YEAR // DAYS_PER_WEEK
        bought, usual = np.array(self.weekly_returns), np.array(self.weekly_expected)
        expected = usual[weeks].sum() * bought.sum() / usual.sum()
        busy = bought[weeks].sum() / expected if expected > 0 else 1.0
        return float(np.clip(busy, MIN_INDEX, MAX_INDEX))


def expected_returns(order_model: BgNbd, history: HistoryAtCutoff) -> FloatArray:
    """Return the repeat purchases expected on each day of the history, oldest day first.

    Each customer buys at the mean of the own posterior rate, (r + x) / (α + age) where still
    active and (r + x) / (α + t_x) where not, from the first purchase to the last one; after that
    with the probability of being active.
    """
    x, t_x, age = (
        history.customer_histories[name].to_numpy().astype(np.float64)
        for name in HISTORY_COLUMNS[:3]
    )
    active = order_model.p_alive(x, t_x, age)
    rate = (order_model.r + x) / (order_model.alpha + age)
    rate_until_drop_out = (order_model.r + x) / (order_model.alpha + t_x)
    late = active * rate
    early = late + (1 - active) * rate_until_drop_out
    days = len(history.daily_returns)
    first = days - age.astype(np.int64)
    changes = np.zeros(days + 1)
    # Day by day: a difference array of what begins and what ends.
    np.add.at(changes, np.clip(first + 1, 0, days), early)
    np.add.at(changes, np.clip(first + t_x.astype(np.int64) + 1, 0, days), late - early)
    return np.asarray(np.cumsum(changes)[:days], dtype=np.float64)


def seasonal_index_at(
    actual: FloatArray, expected: FloatArray, day: int, known_until: int
) -> SeasonalIndex | None:
    """Return the index of the year before a day; ``None`` where no whole year is known.

    Parameters
    ----------
    actual, expected
        Repeat purchases of each day up to `known_until` (a day number).
    day
        The day (number) before which the year lies.
    """
    end = len(actual) - (known_until - day)
    if end < DAYS_PER_YEAR:
        return None
    year = slice(end - DAYS_PER_YEAR, end)
    weeks = [part[year].reshape(WEEKS_PER_YEAR, -1).sum(axis=1) for part in (actual, expected)]
    bought, usual = weeks
    if not (bought.sum() > 0 and usual.sum() > 0):
        return None
    return SeasonalIndex(tuple(bought.tolist()), tuple(usual.tolist()), day)


def seasonal_indices(
    order_model: BgNbd, history: HistoryAtCutoff, days: Sequence[int]
) -> dict[int, SeasonalIndex]:
    """Return the index of the orders before each of these days, where a year lay behind it.

    The model, and when each customer was last seen, are those of the history's own cutoff.
    Customers' histories reach back a limited time (`time.max_history`): a year that began before
    it has no index.
    """
    expected = expected_returns(order_model, history)
    actual = history.daily_returns.astype(np.float64)
    found = {day: seasonal_index_at(actual, expected, day, history.cutoff) for day in days}
    oldest = history.cutoff - history.max_history
    return {
        day: index
        for day, index in found.items()
        if index is not None and day - DAYS_PER_YEAR >= oldest
    }
