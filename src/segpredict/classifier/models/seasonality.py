"""Adjust BG/NBD by a seasonal index: how busy the same weeks of last year were.

The index comes from the orders of all customers; days of the outcome count that much more or less.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.interpolate import CubicSpline

from segpredict.classifier import metrics
from segpredict.classifier.models.calendar import MIN_PROVING_ORIGINS
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import HistoryAtCutoff, TrainingData, segment_codes
from segpredict.core.arrays import FloatArray
from segpredict.core.window import DAYS_PER_WEEK, DAYS_PER_YEAR, as_date

WEEKS_PER_YEAR = DAYS_PER_YEAR // DAYS_PER_WEEK
MAX_INNER_ORIGINS = 13  # origins of the last year that are tested, at most, evenly spaced
MAX_ROWS = 4_000  # rows of all origins together that are tested, evenly spaced
# Index values that are tried; between them losses are interpolated. The index is clipped to
# their range: a shop that was closed last year may be open now.
INDEX_GRID = np.geomspace(0.35, 2.6, 8)
LOG_SHIFT_GRID = np.linspace(-0.7, 0.7, 57)  # natural logarithms of a factor alike for all

SeasonalForecast = Callable[[pl.DataFrame, float], FloatArray]


@dataclass(frozen=True, slots=True)
class SeasonalIndex(StoredState):
    """How busy each week of a year was, relative to its average week."""

    # orders in each of 52 weeks over the mean of these weeks; growth is taken out
    weekly_index: tuple[float, ...]
    known_until: int  # the day (number) after the last of these weeks

    def mean_index(self, start: int, days: int) -> float:
        """Return the mean index of these days, if they are like a year ago.

        >>> busy = SeasonalIndex((0.5,) * 26 + (1.5,) * 26, known_until=1000)
        >>> busy.mean_index(1000, 182), busy.mean_index(1000 + 182, 182), busy.mean_index(1000, 364)
        (0.5, 1.5, 1.0)
        """
        days_since = np.arange(start, start + days) - self.known_until
        busy = np.array(self.weekly_index)[days_since % DAYS_PER_YEAR // DAYS_PER_WEEK].mean()
        return float(np.clip(busy, INDEX_GRID[0], INDEX_GRID[-1]))


def estimate_seasonal_index(
    history: HistoryAtCutoff, day: int | None = None
) -> SeasonalIndex | None:
    """Return the season as it could be known on a day; ``None`` before a year is over.

    Growth is not season: each week is divided by the growth since, assumed to be steady, its
    logarithm weighted by the share of a year over which it was seen.
    """
    known_until = history.cutoff if day is None else day
    days = max(0, len(history.daily_orders) - (history.cutoff - known_until))
    known = history.daily_orders[:days].astype(np.float64)
    if len(known) < DAYS_PER_YEAR:
        return None
    weeks = known[-DAYS_PER_YEAR:].reshape(WEEKS_PER_YEAR, DAYS_PER_WEEK).sum(axis=1)
    weeks = weeks * np.exp(-_growth(known) * np.arange(WEEKS_PER_YEAR))
    if not weeks.any():
        return None
    return SeasonalIndex(tuple((weeks / weeks.mean()).tolist()), known_until)


def _growth(known: FloatArray) -> float:
    """Return the growth in orders from week to week, as a logarithm."""
    weeks = min(len(known) - DAYS_PER_YEAR, DAYS_PER_YEAR) // DAYS_PER_WEEK
    if not weeks:
        return 0.0
    days = weeks * DAYS_PER_WEEK
    now, then = known[-days:].sum(), known[-DAYS_PER_YEAR - days : -DAYS_PER_YEAR].sum()
    share = weeks / WEEKS_PER_YEAR
    return float(share * np.log(now / then) / WEEKS_PER_YEAR) if now and then else 0.0


def select_seasonal_index(
    training_data: TrainingData, forecast: SeasonalForecast
) -> tuple[SeasonalIndex | None, str]:
    """Return the seasonal index where older forecasts prove that it helps, and why.

    The rows of the newest origins, a year of them, must be predicted better with the season as it
    was known by then, by more than one standard error over customers. Both sides get the one factor
    that fits best, since a season that only corrects BG/NBD all year round proves nothing.
    """
    past = training_data.history
    if past is None or (found := estimate_seasonal_index(past)) is None:
        return None, ""
    origins = training_data.rows["cutoff"].unique().sort().to_list()
    index_by_cutoff = index_ahead(past, _year(origins))
    day = as_date(past.cutoff)
    if len(index_by_cutoff) < MIN_PROVING_ORIGINS:
        return None, (
            f"BG/NBD knows no season on {day}: too few origins before have a whole "
            "year behind them to prove one."
        )
    gain, error = _gain(training_data, forecast, index_by_cutoff)
    evidence = f"{len(index_by_cutoff)} origins before {day}: {gain:+.4f} nats, standard error "
    if gain <= error:
        return None, f"Last year's season does not help at {evidence}{error:.4f}."
    index = found.mean_index(past.cutoff + past.gap, past.horizon)
    return found, (
        f"The season helps at {evidence}{error:.4f}: to BG/NBD a day of the forecast counts "
        f"for {index:.2f} average days, as a year before."
    )


def _year(origins: Sequence[int]) -> list[int]:
    """Return the newest origins, a year of them, and no more than `MAX_INNER_ORIGINS`."""
    late = [day for day in reversed(origins) if day > origins[-1] - DAYS_PER_YEAR]
    return sorted(late[:: -(-len(late) // MAX_INNER_ORIGINS)])


def index_ahead(history: HistoryAtCutoff, origins: Sequence[int]) -> dict[int, float]:
    """Return the index of the outcome window of each origin, as known on its day."""
    known = {origin: estimate_seasonal_index(history, origin) for origin in origins}
    return {
        origin: season.mean_index(origin + history.gap, history.horizon)
        for origin, season in known.items()
        if season is not None
    }


def _gain(
    training_data: TrainingData, forecast: SeasonalForecast, index_by_cutoff: dict[int, float]
) -> tuple[float, float]:
    """Return the mean gain of the season and its standard error over customers."""
    rows = training_data.at_cutoffs(list(index_by_cutoff)).rows.sort("cutoff", "customer_id")
    tested = rows.gather_every(-(-rows.height // MAX_ROWS))
    index = tested["cutoff"].replace_strict(index_by_cutoff, return_dtype=pl.Float64)
    labels, busy = segment_codes(tested, "label"), np.log(index.to_numpy())
    losses = np.array([metrics.row_log_loss(forecast(tested, each), labels) for each in INDEX_GRID])
    curves = CubicSpline(np.log(INDEX_GRID), losses)
    gains = _best(curves, np.zeros_like(busy)) - _best(curves, busy)
    return float(gains.mean()), metrics.clustered_standard_error(gains, tested["customer_id"])


def _best(curves: CubicSpline, logs: FloatArray) -> FloatArray:
    """Return each row's loss at its index, times the factor that is best for all."""
    found = (_losses_at(curves, logs + shift) for shift in LOG_SHIFT_GRID)
    return min(found, key=lambda losses: float(losses.mean()))


def _losses_at(curves: CubicSpline, logs: FloatArray) -> FloatArray:
    """Return the loss of each row at the logarithm of its own index, by the splines."""
    known, rows = curves.x, np.arange(len(logs))
    clipped = np.clip(logs, known[0], known[-1])
    places = np.clip(np.searchsorted(known, clipped) - 1, 0, len(known) - 2)
    losses = np.zeros(len(logs))
    for power in curves.c[:, places, rows]:
        losses = losses * (clipped - known[places]) + power
    return losses
