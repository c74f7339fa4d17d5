"""On which days of the week and at what time of the day the customer orders."""

import math

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window, share

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


def _derive(_: Window) -> Derived:
    timed = pl.col("timed")
    weekends = pl.col("weekends") / pl.col("orders_lookback")
    known, scaled = pl.when(timed > 0), timed * m.LOG_SCALE
    evenings = known.then(pl.col("evenings") / timed)
    return {
        share("weekend_share", "Share of orders on a Saturday or Sunday.", high=1): weekends,
        share("evening_share", "Share of orders from 18:00 on.", high=1): evenings,
        Feature(
            "hour_sin",
            "Time of the day of the orders on a circle, sine: 1 is six in the morning, -1 six in "
            "the evening.",
            "ratio",
            -1,
            1,
        ): known.then(pl.col("clock_sin") / scaled),
        Feature(
            "hour_cos",
            "Time of the day of the orders on a circle, cosine: 1 is midnight, -1 is noon.",
            "ratio",
            -1,
            1,
        ): known.then(pl.col("clock_cos") / scaled),
    }


PART = FeatureFamily(
    "order_time",
    _derive,
    _measures,
    columns=_COLUMNS,
    required_columns=("minutes",),
    is_default=False,
)
