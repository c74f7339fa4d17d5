"""Forecast the demand of the next window, and backtest such forecasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.demand import sales
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
from segpredict.classifier import Schedule, SegmentAssigner, TrainingResult
from segpredict.config.demand import DemandOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import Transactions


@dataclass(frozen=True)
class DemandForecast:
    """Demand of the next window, with backtests."""

    # units and order-up-to quantities of the levels that may be published
    # (`DEMAND_FORECAST_SCHEMA`)
    forecast: pl.DataFrame
    # which levels may be published, and why (`backtest.PUBLISHABLE_LEVELS_SCHEMA`)
    levels: pl.DataFrame
    backtest: pl.DataFrame  # errors of all methods (`backtest.BACKTEST_SCHEMA`)
    # customers to be expected in each segment, and the units per customer
    # (`EXPECTED_CUSTOMERS_SCHEMA`)
    expected_customers: pl.DataFrame
    assortment: pl.DataFrame  # index by segment and category or product (`AFFINITY_INDEX_SCHEMA`)
    suggestions: pl.DataFrame  # products that stand out in each segment

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return all tables by name."""
        return {name: getattr(self, name) for name in DEMAND_TABLES}


DEMAND_TABLES = (
    *("forecast", "levels", "backtest"),
    *("expected_customers", "assortment", "suggestions"),
)
EXPECTED_CUSTOMERS_SCHEMA = {
    "segment_id": pl.String,
    **dict.fromkeys(("existing", "newcomers", "units_per_customer"), pl.Float64),
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
    """Return the expected demand, with the backtest that decides what is published.

    Parameters
    ----------
    transactions, segmentation, training
        The shop's lines, the frozen segmenter of the training, and forecasts of the tests.
    scores, options
        `schemas.SCORES_SCHEMA` at the end of the data; service level and salvage share.
    draws, seed
        Resamples behind each interval, and their start.

    Notes
    -----
    N_c = Σ_i p_ic + newcomers_c customers are expected in segment c, and of item s the units
    Σ_c N_c · u_cs · σ_s: u is the units of a customer of c in a window, Gamma-Poisson shrunk
    (`gamma_poisson_rates`), σ the season's index from last year (`shrunk_item_rates`). Each
    backtest uses only what was known on its day.
    """
    requested, days = options or DemandOptions(), training.schedule
    tests = [fold.cutoff for fold in days.test_folds]
    known = sales.window_sales(transactions, segmentation, days.time, _needed(days, tests))
    shop = _Shop(transactions, days, known, _levels(known))
    done = []
    for test in training.backtests:
        mix = test.probabilities[training.evaluation.selected].sum(axis=0)
        actual = shop.actual_sales(test.cutoff)
        done += [
            backtest_level(each, test.cutoff, actual) for each in shop.forecasts(test.cutoff, mix)
        ]
    errors = backtest_errors(done, draws=draws, seed=seed)
    levels = publishable_levels(done, errors, requested.service_level)
    current, segments = shop.history(days.end_day), segmentation.segments
    names = [f"p_{segment.id}" for segment in segments]
    existing: FloatArray = scores.filter("is_eligible").select(names).to_numpy().sum(axis=0)
    found = shop.forecasts(days.end_day, existing)
    expected_customers = {
        "segment_id": [segment.id for segment in segments],
        "existing": existing,
        "newcomers": current.newcomers_per_window(),
        "units_per_customer": found[0].rates[0],
    }
    parts = [level for level in shop.levels if level != sales.TOTAL_LEVEL]
    index = [affinity_index(current.windows[0], segments, level) for level in parts]
    told_of = pl.concat([pl.DataFrame(schema=AFFINITY_INDEX_SCHEMA), *index])
    return DemandForecast(
        order_quantities(transactions, found, levels, requested),
        levels,
        errors,
        pl.DataFrame(expected_customers, schema=EXPECTED_CUSTOMERS_SCHEMA),
        told_of,
        suggest_products(told_of),
    )


@dataclass(frozen=True)
class _Shop:
    """Sales of all windows, viewed as known on any day."""

    transactions: Transactions
    days: Schedule
    known: Mapping[sales.DayRange, sales.WindowSales]
    levels: tuple[str, ...]

    def history(self, cutoff: int) -> SalesHistory:
        return sales_history(cutoff, self.days.time, self.days.first_day, self.known)

    def actual_sales(self, cutoff: int) -> sales.WindowSales:
        time = self.days.time
        return self.known[cutoff + time.gap, cutoff + time.days_to_outcome]

    def forecasts(self, cutoff: int, probabilities: FloatArray) -> list[LevelForecast]:
        time, history = self.days.time, self.history(cutoff)
        learned = seasonal_levels(
            inner_backtest(self.transactions, self.history(day), self.actual_sales(day), time)
            for day in inner_cutoffs(cutoff, time, self.days.first_day)
        )
        seasons = {level: level in learned for level in self.levels}
        mix = probabilities + history.newcomers_per_window()
        return forecast_levels(self.transactions, history, mix, time, seasons)


def _needed(days: Schedule, backtests: Sequence[int]) -> list[sales.DayRange]:
    """Return all windows that forecasts and backtests need."""
    time, first = days.time, days.first_day
    cutoffs = {*backtests, days.end_day}
    inner = {day for cutoff in cutoffs for day in inner_cutoffs(cutoff, time, first)}
    tested, cutoffs = {*backtests, *inner}, cutoffs | inner
    found = {span for cutoff in cutoffs for span in history_windows(cutoff, time, first)}
    found |= {span for cutoff in cutoffs if (span := last_year_window(cutoff, time, first))}
    found |= {(cutoff + time.gap, cutoff + time.days_to_outcome) for cutoff in tested}
    return sorted(found)


def _levels(known: Mapping[sales.DayRange, sales.WindowSales]) -> tuple[str, ...]:
    """Return the levels that the shop's lines have."""
    bought = [window.purchases for window in known.values()]
    has = {
        sales.TOTAL_LEVEL: True,
        sales.CATEGORY_LEVEL: any(
            (each[sales.CATEGORY_LEVEL] != sales.NO_CATEGORY).any() for each in bought
        ),
        sales.PRODUCT_LEVEL: any(
            each[sales.PRODUCT_LEVEL].null_count() < each.height for each in bought
        ),
    }
    return tuple(level for level in sales.DEMAND_LEVELS if has[level])
