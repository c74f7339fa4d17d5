"""Forecast what the next window will be asked for, and test such forecasts in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.demand.assortment import (
    AFFINITY_INDEX_SCHEMA,
    affinity_index,
    suggest_products,
)
from segpredict.analytics.demand.backtest import backtest_errors, backtest_level, publishable_levels
from segpredict.analytics.demand.forecast import LevelForecast, forecast_levels
from segpredict.analytics.demand.history import (
    SalesHistory,
    history_windows,
    last_year_window,
    sales_history,
)
from segpredict.analytics.demand.inner_validation import (
    inner_backtest,
    inner_cutoffs,
    seasonal_levels,
)
from segpredict.analytics.demand.order_quantities import order_quantities
from segpredict.analytics.demand.sales import (
    CATEGORY_LEVEL,
    DEMAND_LEVELS,
    NO_CATEGORY,
    PRODUCT_LEVEL,
    TOTAL_LEVEL,
    DayRange,
    WindowSales,
    window_sales,
)
from segpredict.classifier import Schedule, SegmentAssigner, TrainingResult
from segpredict.config.demand import DemandOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.segment import Segment
from segpredict.core.transactions import Transactions


@dataclass(frozen=True)
class DemandForecast:
    """What is to be asked for in the next window, and how far that can be trusted.

    Parameters
    ----------
    forecast
        Units and order-up-to quantities of the levels that may be published
        (`order_quantities.FORECAST`).
    levels
        Which levels may be, and why (`judge.PUBLISHABLE_LEVELS_SCHEMA`).
    backtest
        Errors of all forecasters (`judge.BACKTEST_SCHEMA`).
    expected_customers
        Customers to be expected in each segment, and the units that one of them takes
        (`EXPECTED_CUSTOMERS_SCHEMA`).
    assortment
        Index by segment and category or product (`affinity_index.INDICES`).
    suggestions
        Products that stand out in each segment.
    """

    forecast: pl.DataFrame
    levels: pl.DataFrame
    backtest: pl.DataFrame
    expected_customers: pl.DataFrame
    assortment: pl.DataFrame
    suggestions: pl.DataFrame

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return all tables by name."""
        return {name: getattr(self, name) for name in DEMAND_TABLES}


DEMAND_TABLES = (
    "forecast",
    "levels",
    "backtest",
    "expected_customers",
    "assortment",
    "suggestions",
)
EXPECTED_CUSTOMERS_SCHEMA = {
    "segment_id": pl.String,
    "known": pl.Float64,
    "newcomers": pl.Float64,
    "units_per_customer": pl.Float64,
}


def forecast_demand(
    transactions: Transactions,
    segmentation: SegmentAssigner,
    training: TrainingResult,
    scores: pl.DataFrame,
    options: DemandOptions | None = None,
    *,
    draws: int = 1000,
    seed: int = 7,
) -> DemandForecast:
    """Return the demand to be expected, with the back-test that allows to tell it.

    Parameters
    ----------
    transactions
        The shop's lines.
    segmentation
        The frozen segmenter of the training.
    training
        Forecasts of the tests.
    scores
        `contracts.SCORES_SCHEMA` at the end of the data.
    options
        How much to order.
    draws, seed
        Resamples behind each interval, and their start.

    Notes
    -----
    N_c = Σ_i p_ic + newcomers_c customers are expected in segment c, and of item s the
    units Σ_c N_c · u_cs · σ_s: u is what a customer of c takes in a window,
    Gamma-Poisson shrunk (`shrinkage`), σ the season's index from last year (`shelves`).
    Each test is answered with what was known on its day.
    """
    wish, days = options or DemandOptions(), training.schedule
    tests = [fold.cutoff for fold in days.test_folds]
    known = window_sales(transactions, segmentation, days.time, _needed(days, tests))
    shop = _Shop(transactions, days, known, _levels(known))
    done = [
        backtest_level(each, trial.cutoff, shop.came(trial.cutoff))
        for trial in training.backtests
        for each in shop.outlooks(
            trial.cutoff, trial.probabilities[training.evaluation.selected].sum(axis=0)
        )
    ]
    errors = backtest_errors(done, draws=draws, seed=seed)
    told = publishable_levels(done, errors, wish.service_level)
    now, segments = shop.past(days.end_day), segmentation.segments
    mix = _expected(scores, segments)
    found = shop.outlooks(days.end_day, mix)
    index = [
        affinity_index(now.windows[0], segments, level)
        for level in shop.levels
        if level != TOTAL_LEVEL
    ]
    told_of = pl.concat([pl.DataFrame(schema=AFFINITY_INDEX_SCHEMA), *index])
    return DemandForecast(
        order_quantities(transactions, found, told, wish),
        told,
        errors,
        _mix(segments, mix, now, found[0]),
        told_of,
        suggest_products(told_of),
    )


@dataclass(frozen=True)
class _Shop:
    """What was sold in all windows, to be asked as any day knew it."""

    transactions: Transactions
    days: Schedule
    known: Mapping[DayRange, WindowSales]
    levels: tuple[str, ...]

    def past(self, cutoff: int) -> SalesHistory:
        return sales_history(cutoff, self.days.time, self.days.first_day, self.known)

    def came(self, cutoff: int) -> WindowSales:
        time = self.days.time
        return self.known[cutoff + time.gap, cutoff + time.days_to_outcome]

    def outlooks(self, cutoff: int, probabilities: FloatArray) -> list[LevelForecast]:
        time, before = self.days.time, self.past(cutoff)
        learned = seasonal_levels(
            inner_backtest(self.transactions, self.past(day), self.came(day), time)
            for day in inner_cutoffs(cutoff, time, self.days.first_day)
        )
        seasons = {level: level in learned for level in self.levels}
        mix = probabilities + before.newcomers_per_window()
        return forecast_levels(self.transactions, before, mix, time, seasons)


def _needed(days: Schedule, backtests: Sequence[int]) -> list[DayRange]:
    """Return all windows that any question looks at, or is about."""
    time, first = days.time, days.first_day
    asked = {*backtests, days.end_day}
    before = {day for cutoff in asked for day in inner_cutoffs(cutoff, time, first)}
    told, asked = {*backtests, *before}, asked | before
    found = {span for cutoff in asked for span in history_windows(cutoff, time, first)}
    found |= {span for cutoff in asked if (span := last_year_window(cutoff, time, first))}
    found |= {(cutoff + time.gap, cutoff + time.days_to_outcome) for cutoff in told}
    return sorted(found)


def _levels(known: Mapping[DayRange, WindowSales]) -> tuple[str, ...]:
    """Return the levels that the shop's lines have."""
    bought = [window.purchases for window in known.values()]
    has = {
        TOTAL_LEVEL: True,
        CATEGORY_LEVEL: any((each[CATEGORY_LEVEL] != NO_CATEGORY).any() for each in bought),
        PRODUCT_LEVEL: any(each[PRODUCT_LEVEL].null_count() < each.height for each in bought),
    }
    return tuple(level for level in DEMAND_LEVELS if has[level])


def _expected(scores: pl.DataFrame, segments: Sequence[Segment]) -> FloatArray:
    """Return the customers of today to be expected in each segment, by code."""
    names = [f"p_{segment.id}" for segment in segments]
    chances = scores.filter("is_eligible").select(names).to_numpy()
    found: FloatArray = chances.sum(axis=0)
    return found


def _mix(
    segments: Sequence[Segment], mix: FloatArray, now: SalesHistory, total: LevelForecast
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "segment_id": [segment.id for segment in segments],
            "known": mix,
            "newcomers": now.newcomers_per_window(),
            "units_per_customer": total.rates[0],
        },
        schema=EXPECTED_CUSTOMERS_SCHEMA,
    )
