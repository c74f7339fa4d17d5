"""What a run would say of demand: tables small enough to check by hand."""

import polars as pl

from segpredict.analytics.demand.assortment import AFFINITY_INDEX_SCHEMA, DEMAND_FORECAST_SCHEMA
from segpredict.analytics.demand.backtest import BACKTEST_SCHEMA, PUBLISHABLE_LEVELS_SCHEMA

DAYS = ("2011-06-11", "2011-09-10")


def errors() -> pl.DataFrame:
    said = {"segments": 0.4, "everybody_alike": 0.5, "seasonal_naive": 0.8}
    rows = [
        {
            "level": level,
            "window": window,
            "method": method,
            "wape": wape,
            "low": None if window == "pooled" else wape - 0.1,
            "high": None if window == "pooled" else wape + 0.1,
            "difference_low": None if window == "pooled" else wape - 0.9,
            "difference_high": None if window == "pooled" else wape - 0.7,
        }
        for level in ("total", "product")
        for window in (*DAYS, "pooled")
        for method, wape in said.items()
    ]
    return pl.DataFrame(rows, BACKTEST_SCHEMA)


def demand() -> dict[str, pl.DataFrame]:
    standing = [
        {
            "level": "total",
            "tests": 1,
            "wins": 0,
            "is_published": False,
            "best_method": "seasonal_naive",
            "service_tests": 0,
            "reason": "Too few backtests, 1: 2 are required to choose a method.",
        },
        {
            "level": "product",
            "tests": 2,
            "wins": 2,
            "is_published": True,
            "best_method": "segments",
            "service_met": 0.875,
            "service_tests": 40,
            "reason": "The lowest error of all methods over 2 backtests, and nearer than the same "
            "window of last year in 2 of 2.",
        },
    ]
    items = [
        {
            "level": "product",
            "item": f"p{i:02d}",
            "expected": 100.0 - i,
            "low": 50.0 - i,
            "high": 200.0 - i,
            "last_window": 90.0,
            "critical_ratio": 0.9,
            "order_up_to": 200.0 - i,
        }
        for i in range(20)
    ]
    mix = {
        "segment_id": ["S0", "S1", "S2", "S3"],
        "existing": [2000.0, 1300.0, 700.0, 306.0],
        "newcomers": [0.0, 90.0, 10.0, 0.0],
        "units_per_customer": [0.0, 10.0, 40.0, 200.0],
    }
    tastes = [
        ("category", "S1", "<b>tea</b>", 90, 0.2, 1.5, 1.2, 1.9, True),
        ("category", "S2", "<b>tea</b>", 50, 0.1, 0.8, 0.6, 1.1, False),
        ("product", "S1", "p03", 60, 0.1, 1.4, 1.1, 1.8, True),
    ]
    index = pl.DataFrame(tastes, AFFINITY_INDEX_SCHEMA, orient="row")
    return {
        "forecast": pl.DataFrame(items, DEMAND_FORECAST_SCHEMA),
        "levels": pl.DataFrame(standing, PUBLISHABLE_LEVELS_SCHEMA),
        "backtest": errors(),
        "expected_customers": pl.DataFrame(mix),
        "assortment": index,
        "suggestions": index.filter(level="product").with_columns(rank=1),
    }
