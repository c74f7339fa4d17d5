"""The customer's returns. Fully refunded orders are no orders and do not count."""

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window


def _measures(window: Window) -> Measures:
    lookback = m.last_days(window.lookback)
    return {
        "orders_lookback": m.count_orders(lookback),
        "paid_lookback": m.sum_orders("net", lookback),
        "back_lookback": m.sum_returns(lookback),
        "credits": m.Measure("number", lookback, rows="credits"),
        "return_ago": m.days_since_last(rows="credits"),
    }


def _derive(_: Window) -> Derived:
    spent, back = pl.col("paid_lookback"), -pl.col("back_lookback")
    rate, ago = pl.col("credits") / pl.col("orders_lookback"), pl.col("return_ago")
    # No day is 0 days ago: that is what the measure says where nothing came back.
    days = pl.when(ago > 0).then(ago)
    return {
        Feature(
            "return_share", "Value returned over value bought, both in the look-back.", "ratio"
        ): pl.when(spent > 0).then(back.clip(lower_bound=0) / spent),
        Feature("return_rate", "Credit notes per order, both in the look-back.", "ratio"): rate,
        Feature("return_days", "Days since the last return.", "days", 1.0): days,
    }


PART = FeatureFamily("returns", _derive, _measures, required_columns=("returns",))
