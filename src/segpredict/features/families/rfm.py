"""How recently, how often and for how much: the four spans of RFM."""

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.family import Columns, FeatureFamily, Measures, net_money


def _measures(window: Window) -> Measures:
    lookback = m.last_days(window.lookback)
    spends = (m.spend_measures(str(span), m.last_days(span)) for span in m.FEATURE_SPANS)
    return {
        "last_ago": m.days_since_last(),
        **{f"days_{span}": m.count_purchase_days(m.last_days(span)) for span in m.FEATURE_SPANS},
        **{name: measure for pair in spends for name, measure in pair.items()},
        "orders_lookback": m.count_orders(lookback),
        "paid_lookback": m.sum_orders("net", lookback),
    }


def _derive(_: Window) -> Columns:
    return {
        "recency_days": pl.col("last_ago"),
        **{f"freq_days_{span}": pl.col(f"days_{span}") for span in m.FEATURE_SPANS},
        **{f"spend_{span}": m.to_currency(m.net_spend(str(span))) for span in m.FEATURE_SPANS},
        "aov": pl.col("paid_lookback") / (pl.col("orders_lookback") * MONEY_SCALE),
    }


_FEATURES = (
    Feature("recency_days", "Days since the last purchase.", "days", 1.0),
    *(
        Feature(
            f"freq_days_{span}",
            f"Days with a purchase in the last {span} days.",
            "days",
            high=float(span),
        )
        for span in m.FEATURE_SPANS
    ),
    *(
        net_money(f"spend_{n}", f"Spend in the last {n} days, less what was returned in them.")
        for n in m.FEATURE_SPANS
    ),
    Feature("aov", "Average value of an order in the look-back, before any returns.", "currency"),
)
PART = FeatureFamily("rfm", _FEATURES, _measures, _derive)
