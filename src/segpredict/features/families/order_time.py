"""On which days of the week and at what time of the day the customer orders."""

import math

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.family import Columns, FeatureFamily, Measures, share

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
    "clock_sin": _whole((_ANGLE.sin() * m.LOG_SCALE).round()),
    "clock_cos": _whole((_ANGLE.cos() * m.LOG_SCALE).round()),
}


def _measures(window: Window) -> Measures:
    lookback = m.last_days(window.lookback)
    counted = {name: m.sum_orders(name, lookback) for name in _COLUMNS}
    return {"orders_lookback": m.count_orders(lookback), **counted}


def _derive(_: Window) -> Columns:
    timed = pl.col("timed")
    is_timed = timed > 0
    return {
        "weekend_share": pl.col("weekends") / pl.col("orders_lookback"),
        "evening_share": pl.when(is_timed).then(pl.col("evenings") / timed),
        "hour_sin": pl.when(is_timed).then(pl.col("clock_sin") / (timed * m.LOG_SCALE)),
        "hour_cos": pl.when(is_timed).then(pl.col("clock_cos") / (timed * m.LOG_SCALE)),
    }


_FEATURES = (
    share("weekend_share", "Share of orders on a Saturday or Sunday.", high=1),
    share("evening_share", "Share of orders from 18:00 on.", high=1),
    Feature(
        "hour_sin",
        "Time of the day of the orders on a circle, sine: 1 is six in the morning, -1 six in "
        "the evening.",
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
)
PART = FeatureFamily(
    "order_time",
    _FEATURES,
    _measures,
    _derive,
    columns=_COLUMNS,
    required_columns=("minutes",),
    is_default=False,
)
