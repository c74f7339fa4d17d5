"""The customer's returns. Fully refunded orders are no orders and do not count."""

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.family import Columns, FeatureFamily, Measures


def _measures(window: Window) -> Measures:
    lookback = m.last_days(window.lookback)
    return {
        "orders_lookback": m.count_orders(lookback),
        "paid_lookback": m.sum_orders("net", lookback),
        "back_lookback": m.sum_returns(lookback),
        "credits": m.Measure("number", span=lookback, rows="credits"),
        "return_ago": m.Measure("last", "ago", rows="credits"),
    }


def _derive(_: Window) -> Columns:
    spent, back = pl.col("paid_lookback"), -pl.col("back_lookback")
    ago = pl.col("return_ago")
    return {
        "return_share": pl.when(spent > 0).then(back.clip(lower_bound=0) / spent),
        "return_rate": pl.col("credits") / pl.col("orders_lookback"),
        # No day is 0 days ago: that is what the measure says where nothing came back.
        "return_days": pl.when(ago > 0).then(ago),
    }


_FEATURES = (
    Feature("return_share", "Value returned over value bought, both in the look-back.", "ratio"),
    Feature("return_rate", "Credit notes per order, both in the look-back.", "ratio"),
    Feature("return_days", "Days since the last return.", "days", 1.0),
)
PART = FeatureFamily("returns", _FEATURES, _measures, _derive, required_columns=("returns",))
