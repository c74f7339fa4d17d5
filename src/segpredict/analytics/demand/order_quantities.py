"""How much to hold of each item: quantiles of the demand that is to be expected."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from segpredict.analytics.demand.backtest import DISPERSION_COLUMNS
from segpredict.analytics.demand.dispersion import (
    critical_ratio,
    negative_binomial_quantile,
    turnover_classes,
)
from segpredict.analytics.demand.forecast import (
    LAST_WINDOW_NAIVE,
    SEASONAL_NAIVE,
    SEGMENT_METHOD,
    LevelForecast,
)
from segpredict.analytics.demand.sales import NO_CATEGORY, PRODUCT_LEVEL
from segpredict.config.demand import DemandOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.transactions import Transactions

LOW_QUANTILE, HIGH_QUANTILE = 0.1, 0.9  # an interval that holds four windows of five
DEMAND_FORECAST_SCHEMA = {
    "level": pl.String,
    "item": pl.String,
    "expected": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "season": pl.Float64,
    "last_window": pl.Float64,
    "seasonal_naive": pl.Float64,
    "price": pl.Float64,
    "cost": pl.Float64,
    "ratio": pl.Float64,
    "order_up_to": pl.Float64,
}


def order_quantities(
    transactions: Transactions,
    forecasts: Sequence[LevelForecast],
    levels: pl.DataFrame,
    options: DemandOptions,
) -> pl.DataFrame:
    """Return what is to be expected of each item and how much to hold (`DEMAND_FORECAST_SCHEMA`).

    Parameters
    ----------
    transactions
        The shop, for what products cost.
    forecasts
        The forecasts at the end of the data.
    levels
        `judge.PUBLISHABLE_LEVELS_SCHEMA`; levels that are not published are left out.
    options
        Critical ratio where no cost is known, and what is left over brings.

    Notes
    -----
    Demand is negative binomial with the dispersion of the back-test. The quantity to
    order up to is its quantile at (p − c)/(p − s), where a product's price and cost are
    known, else at ``options.service``.
    """
    spread = {
        row["level"]: np.array([row[name] for name in DISPERSION_COLUMNS], dtype=float)
        for row in levels.filter("is_published").to_dicts()
    }
    tables = [
        _table(each, spread[each.level], *_goods(transactions, each), options)
        for each in forecasts
        if each.level in spread
    ]
    return pl.concat([pl.DataFrame(schema=DEMAND_FORECAST_SCHEMA), *tables])


def _goods(transactions: Transactions, outlook: LevelForecast) -> tuple[FloatArray, FloatArray]:
    """Return price and cost of each item; not a number where one is unknown."""
    table = transactions.side_tables.products
    asked = pl.DataFrame({"product_id": list(outlook.items)})
    unknown = np.full(len(outlook.items), np.nan)
    if table is None or outlook.level != PRODUCT_LEVEL:
        return unknown, unknown
    beside = asked.join(table, on="product_id", how="left", maintain_order="left")

    def number(name: str) -> FloatArray:
        if name not in beside.columns:
            return unknown
        cell = beside[name].cast(pl.Float64, strict=False)
        return cell.fill_null(float("nan")).to_numpy()

    return number("price"), number("cost")


def _table(
    outlook: LevelForecast,
    alphas: FloatArray,
    price: FloatArray,
    cost: FloatArray,
    options: DemandOptions,
) -> pl.DataFrame:
    mean = outlook.expected[SEGMENT_METHOD]
    alpha = alphas[turnover_classes(mean)]
    is_known = ~(np.isnan(price) | np.isnan(cost))
    ratio = np.where(
        is_known, critical_ratio(price, cost, options.salvage_share), options.service_level
    )
    naive = outlook.expected.get(SEASONAL_NAIVE, np.full(len(mean), np.nan))
    return (
        pl.DataFrame(
            {
                "level": [outlook.level] * len(mean),
                "item": list(outlook.items),
                "expected": mean,
                "low": negative_binomial_quantile(mean, alpha, LOW_QUANTILE),
                "high": negative_binomial_quantile(mean, alpha, HIGH_QUANTILE),
                "season": outlook.seasonal_factors,
                "last_window": outlook.expected[LAST_WINDOW_NAIVE],
                "seasonal_naive": naive,
                "price": price,
                "cost": cost,
                "ratio": ratio,
                "order_up_to": negative_binomial_quantile(mean, alpha, ratio),
            },
            schema=DEMAND_FORECAST_SCHEMA,
        )
        .filter(pl.col("item") != NO_CATEGORY)
        .with_columns(pl.col(pl.Float64).fill_nan(None))
        .sort(-pl.col("expected"), "item")
    )
