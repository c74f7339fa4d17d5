"""What to stock and what to offer: order quantities, affinity of segments, suggestions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from segpredict.analytics.demand.backtest import DISPERSION_COLUMNS
from segpredict.analytics.demand.forecast import (
    LAST_WINDOW_NAIVE,
    SEASONAL_NAIVE,
    LevelForecast,
    critical_ratio,
    negative_binomial_quantile,
    turnover_classes,
)
from segpredict.analytics.demand.sales import NO_CATEGORY, PRODUCT_LEVEL, WindowSales
from segpredict.config.outputs import DemandOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import Z_95
from segpredict.core.segment import Segment
from segpredict.core.transactions import Transactions
from segpredict.segmentation import category_indices

LOW_QUANTILE, HIGH_QUANTILE = 0.1, 0.9  # an 80 % interval
DEMAND_FORECAST_SCHEMA = {
    **dict.fromkeys(("level", "item"), pl.String),
    **dict.fromkeys(("expected", "low", "high", "last_window", "seasonal_naive"), pl.Float64),
    **dict.fromkeys(("price", "cost", "critical_ratio", "order_up_to"), pl.Float64),
}

MAX_SUGGESTIONS = 10  # suggested products per segment
AFFINITY_INDEX_SCHEMA = {
    **dict.fromkeys(("level", "segment_id", "item"), pl.String),
    "n": pl.Int64,
    **dict.fromkeys(("share", "index", "low", "high"), pl.Float64),
    "is_significant": pl.Boolean,
}


def affinity_index(window: WindowSales, segments: Sequence[Segment], level: str) -> pl.DataFrame:
    """Return the index of each segment and item (`AFFINITY_INDEX_SCHEMA`).

    That of `segmentation.category_indices`, with 95 % intervals for all cells together
    (Bonferroni).
    """
    from scipy import stats

    own = pl.col(level).is_not_null() & (pl.col(level) != NO_CATEGORY)
    bought = (
        window.purchases.filter(own & pl.col("segment").is_not_null())
        .group_by("customer_id", "segment", category=level)
        .agg(pl.col("lines").sum())
    )
    found = category_indices(bought, segments)
    wide = stats.norm.isf(0.025 / max(found.height, 1)) / Z_95
    index = pl.col("index")
    low = index * ((pl.col("low") / index).log() * wide).exp()
    high = index * ((pl.col("high") / index).log() * wide).exp()
    named = found.with_columns(level=pl.lit(level), segment_id="id", item="category")
    is_significant = (low > 1) | (high < 1)
    return named.with_columns(low=low, high=high, is_significant=is_significant).select(
        list(AFFINITY_INDEX_SCHEMA)
    )


def suggest_products(products: pl.DataFrame) -> pl.DataFrame:
    """Return the products most surely above 1, at most ten per segment."""
    return (
        products.filter((pl.col("level") == PRODUCT_LEVEL) & (pl.col("low") > 1))
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("segment_id"))
        .filter(pl.col("rank") <= MAX_SUGGESTIONS)
    )


def order_quantities(
    transactions: Transactions,
    forecasts: Sequence[LevelForecast],
    levels: pl.DataFrame,
    options: DemandOptions,
) -> pl.DataFrame:
    """Return expected demand and order-up-to quantity of each item (`DEMAND_FORECAST_SCHEMA`).

    The quantile at (p − c)/(p − s), or at the service level where price or cost is unknown.
    """
    shown = {row["level"]: row for row in levels.filter("is_published").to_dicts()}
    tables = [
        _table(transactions, each, shown[each.level], options)
        for each in forecasts
        if each.level in shown
    ]
    return pl.concat([pl.DataFrame(schema=DEMAND_FORECAST_SCHEMA), *tables])


def _table(
    transactions: Transactions,
    forecast: LevelForecast,
    level: Mapping[str, Any],
    options: DemandOptions,
) -> pl.DataFrame:
    mean = forecast.expected[level["best_method"]]
    alphas = np.array([level[name] for name in DISPERSION_COLUMNS], dtype=float)
    alpha = alphas[turnover_classes(mean)]
    price, cost = (_of_products(transactions, forecast, name) for name in ("price", "cost"))
    is_known = ~(np.isnan(price) | np.isnan(cost))
    critical = critical_ratio(price, cost, options.salvage_share)
    ratio = np.where(is_known, critical, options.service_level)
    columns = (
        [forecast.level] * len(mean),
        list(forecast.items),
        mean,
        negative_binomial_quantile(mean, alpha, LOW_QUANTILE),
        negative_binomial_quantile(mean, alpha, HIGH_QUANTILE),
        forecast.expected[LAST_WINDOW_NAIVE],
        forecast.expected.get(SEASONAL_NAIVE, np.full(len(mean), np.nan)),
        *(price, cost, ratio),
        negative_binomial_quantile(mean, alpha, ratio),
    )
    named = dict(zip(DEMAND_FORECAST_SCHEMA, columns, strict=True))
    table = pl.DataFrame(named, schema=DEMAND_FORECAST_SCHEMA).filter(pl.col("item") != NO_CATEGORY)
    return table.with_columns(pl.col(pl.Float64).fill_nan(None)).sort(-pl.col("expected"), "item")


def _of_products(transactions: Transactions, forecast: LevelForecast, column: str) -> FloatArray:
    """Return a number of the products table for each item; NaN where unknown."""
    table = transactions.side_tables.products
    if table is None or column not in table.columns or forecast.level != PRODUCT_LEVEL:
        return np.full(len(forecast.items), np.nan)
    items = pl.DataFrame({"product_id": list(forecast.items)})
    joined = items.join(table, on="product_id", how="left", maintain_order="left")
    return joined[column].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
