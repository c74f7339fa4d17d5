"""Sales history at a cutoff: only windows that were over by then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from segpredict.analytics.demand.sales import DayRange, WindowSales
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.window import DAYS_PER_YEAR


@dataclass(frozen=True)
class SalesHistory:
    """Sales of the windows that were over by a cutoff."""

    cutoff: int  # the day of the forecast
    windows: tuple[WindowSales, ...]  # windows of the last year, newest first, consecutive
    # the window a year before the one to be forecast; ``None`` if unknown
    season_window: WindowSales | None
    # how many of the newest windows have their whole look-back in the data: only in these can new
    # and returning customers be distinguished
    whole_history: int

    @property
    def all_windows(self) -> tuple[WindowSales, ...]:
        """The windows of the last year, and the one a year ago."""
        return (*self.windows, *filter(None, [self.season_window]))

    def without_segments(self) -> "SalesHistory":
        """Return the same history with all buyers in one segment, of code 1."""
        windows = tuple(window.without_segments for window in self.windows)
        return replace(self, windows=windows)

    def newcomers_per_window(self) -> FloatArray:
        """Return how many newcomers a window brings to each segment, by code, on average."""
        usable = self.windows[: max(self.whole_history, 1)]
        found: FloatArray = np.mean([window.newcomers for window in usable], axis=0)
        return found


def history_windows(cutoff: int, time: TimeOptions, first_day: int) -> tuple[DayRange, ...]:
    """Return the windows of the last year before a cutoff, newest first.

    >>> history_windows(300, TimeOptions(), 100)
    ((209, 300), (118, 209))
    >>> history_windows(900, TimeOptions(horizon=400), 100)
    ((500, 900),)
    """
    count = max(min(DAYS_PER_YEAR, cutoff - first_day) // time.horizon, 1)
    ends = [cutoff - i * time.horizon for i in range(count)]
    return tuple((end - time.horizon, end) for end in ends)


def last_year_window(cutoff: int, time: TimeOptions, first_day: int) -> DayRange | None:
    """Return the window a year before the one to be forecast, if it is known.

    >>> last_year_window(500, TimeOptions(), 100), last_year_window(400, TimeOptions(), 100)
    ((136, 227), None)
    """
    start = cutoff + time.gap - DAYS_PER_YEAR
    is_known = start >= first_day and start + time.horizon <= cutoff
    return (start, start + time.horizon) if is_known else None


def sales_history(
    cutoff: int, time: TimeOptions, first_day: int, measured_windows: Mapping[DayRange, WindowSales]
) -> SalesHistory:
    """Return the sales known at a cutoff, from measured windows."""
    back = history_windows(cutoff, time, first_day)
    year_ago = last_year_window(cutoff, time, first_day)
    whole = [start - time.gap - time.lookback >= first_day for start, _ in back]
    return SalesHistory(
        cutoff,
        tuple(measured_windows[span] for span in back),
        None if year_ago is None else measured_windows[year_ago],
        sum(whole),
    )
