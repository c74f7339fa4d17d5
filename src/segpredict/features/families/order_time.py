"""On which days of the week and at what time of the day the customer orders."""

import math
from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    LOG_SCALE,
    Measure,
    count_orders,
    last_days,
    sum_orders,
)
from segpredict.features.family import FeatureFamily

_DAY = 24 * 60
_EVENING = 18 * 60
_SATURDAY = 5  # of a week from Monday, 0; day 0 was a Thursday


_MINUTE = pl.col("minute")
_ANGLE = _MINUTE.cast(pl.Float64) * (2 * math.pi / _DAY)


def _whole(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Int64).fill_null(0)


_COLUMNS = {
    "weekends": _whole((pl.col("day") + 3) % 7 >= _SATURDAY),
    "timed": _whole(_MINUTE.is_not_null()),
    "evenings": _whole(_MINUTE >= _EVENING),
    # Whole numbers of 10⁻⁹, so that the sum is equal in any order of rows.
    "clock_sin": _whole((_ANGLE.sin() * LOG_SCALE).round()),
    "clock_cos": _whole((_ANGLE.cos() * LOG_SCALE).round()),
}


def _measures(window: Window) -> Mapping[str, Measure]:
    lookback = last_days(window.lookback)
    counted = {name: sum_orders(name, lookback) for name in _COLUMNS}
    return {"orders_lookback": count_orders(lookback), **counted}


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    timed = pl.col("timed")
    is_timed = timed > 0
    return {
        "weekend_share": pl.col("weekends") / pl.col("orders_lookback"),
        "evening_share": pl.when(is_timed).then(pl.col("evenings") / timed),
        "hour_sin": pl.when(is_timed).then(pl.col("clock_sin") / (timed * LOG_SCALE)),
        "hour_cos": pl.when(is_timed).then(pl.col("clock_cos") / (timed * LOG_SCALE)),
    }


PART = FeatureFamily(
    name="order_time",
    features=(
        Feature("weekend_share", "Share of orders on a Saturday or Sunday.", "share", high=1),
        Feature("evening_share", "Share of orders from 18:00 on.", "share", high=1),
        Feature(
            "hour_sin",
            "Time of the day of the orders on a circle, sine: 1 is six in the morning, "
            "-1 six in the evening.",
            "ratio",
            -1,
            1,
        ),
        Feature(
            "hour_cos",
            "Time of the day of the orders on a circle, cosine: 1 is midnight, -1 is noon.",
            "ratio",
            -1,
            1,
        ),
    ),
    measures=_measures,
    derive=_derive,
    columns=_COLUMNS,
    required_columns=("minutes",),
    is_default=False,
)
