"""Forecast the demand of the next window, and backtest such forecasts."""

from collections.abc import Mapping

import polars as pl

from segpredict.analytics.demand import sales
from segpredict.analytics.demand.assortment import (
    AFFINITY_INDEX_SCHEMA,
    affinity_index,
    order_quantities,
    suggest_products,
)
from segpredict.analytics.demand.backtest import backtest_errors, backtest_level, publishable_levels
from segpredict.analytics.demand.forecast import LevelForecast, forecast_levels
from segpredict.analytics.demand.sales import history_windows, last_year_window, sales_history
from segpredict.classifier import SegmentAssigner, TrainingResult
from segpredict.config.outputs import DemandOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import Transactions

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
) -> dict[str, pl.DataFrame]:
    """Return the expected demand, with the backtest that decides what is published.

    * `transactions`, `segmentation`, `training`: the shop's lines, the frozen segmenter of the
      training, and forecasts of the tests.
    * `scores`, `options`: `schemas.SCORES_SCHEMA` at the end of the data; service level and salvage
      share.
    * `draws`, `seed`: resamples behind each interval, and their start.

    Returned are ``forecast`` (`DEMAND_FORECAST_SCHEMA`) of the levels that may be published,
    ``levels`` (`PUBLISHABLE_LEVELS_SCHEMA`) which those are, and why, ``backtest``
    (`BACKTEST_SCHEMA`) the errors of all methods, ``expected_customers``
    (`EXPECTED_CUSTOMERS_SCHEMA`) by segment, ``assortment`` (`AFFINITY_INDEX_SCHEMA`), and
    ``suggestions``, the products that stand out in each segment.

    N_c = Σ_i p_ic + newcomers_c customers are expected in segment c, and of item s the units
    Σ_c N_c · u_cs: u is the units of a customer of c in a window, Gamma-Poisson shrunk
    (`gamma_poisson_rates`). Of each level the method with the lowest error in the backtests is
    used, this one or a plainer one. Each backtest uses only what was known on its day.
    """
    requested, days = options or DemandOptions(), training.schedule
    time, first_day, segments = days.time, days.first_day, segmentation.segments
    outcomes = {
        test.cutoff: (test.cutoff + time.gap, test.cutoff + time.days_to_outcome)
        for test in training.backtests
    }
    needed = {*outcomes.values()}
    for cutoff in (*outcomes, days.end_day):
        needed.update(history_windows(cutoff, time, first_day))
        needed.update(filter(None, [last_year_window(cutoff, time, first_day)]))
    known = sales.window_sales(transactions, segmentation, time, sorted(needed))
    levels, by_day = _levels(known), sales.sales_by_day(transactions)

    def forecasts(cutoff: int, existing: FloatArray) -> list[LevelForecast]:
        history = sales_history(cutoff, time, first_day, known)
        mix = existing + history.newcomers_per_window()
        return forecast_levels(by_day, history, mix, time, levels)

    tested = [
        backtest_level(each, test.cutoff, known[outcomes[test.cutoff]])
        for test in training.backtests
        for each in forecasts(
            test.cutoff,
            training.customer_weight * test.probabilities[training.evaluation.selected].sum(axis=0),
        )
    ]
    errors = backtest_errors(tested, draws=draws, seed=seed)
    publishable = publishable_levels(tested, errors, requested.service_level)
    names = [f"p_{segment.id}" for segment in segments]
    existing: FloatArray = scores.filter("is_eligible").select(names).to_numpy().sum(axis=0)
    found, current = (
        forecasts(days.end_day, existing),
        sales_history(days.end_day, time, first_day, known),
    )
    expected_customers = {
        "segment_id": [segment.id for segment in segments],
        "existing": existing,
        "newcomers": current.newcomers_per_window(),
        "units_per_customer": found[0].rates[0],
    }
    parts = [level for level in levels if level != sales.TOTAL_LEVEL]
    index = [affinity_index(current.windows[0], segments, level) for level in parts]
    assortment = pl.concat([pl.DataFrame(schema=AFFINITY_INDEX_SCHEMA), *index])
    return {
        "forecast": order_quantities(transactions, found, publishable, requested),
        "levels": publishable,
        "backtest": errors,
        "expected_customers": pl.DataFrame(expected_customers, schema=EXPECTED_CUSTOMERS_SCHEMA),
        "assortment": assortment,
        "suggestions": suggest_products(assortment),
    }


def _levels(known: Mapping[sales.DayRange, sales.WindowSales]) -> tuple[str, ...]:
    """Return the levels that the shop's lines have."""
    bought = pl.concat(window.purchases for window in known.values())
    has = {
        sales.TOTAL_LEVEL: True,
        sales.CATEGORY_LEVEL: (bought[sales.CATEGORY_LEVEL] != sales.NO_CATEGORY).any(),
        sales.PRODUCT_LEVEL: bought[sales.PRODUCT_LEVEL].is_not_null().any(),
    }
    return tuple(level for level, is_there in has.items() if is_there)
