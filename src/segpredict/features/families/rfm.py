"""How recently, how often and for how much: the four spans of RFM."""

import polars as pl

from segpredict.core.transactions import MONEY_SCALE
from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window, net_money


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


def _derive(_: Window) -> Derived:
    days = {
        Feature(
            f"freq_days_{n}", f"Days with a purchase in the last {n} days.", "days", high=float(n)
        ): pl.col(f"days_{n}")
        for n in m.FEATURE_SPANS
    }
    spend = {
        net_money(
            f"spend_{n}", f"Spend in the last {n} days, less what was returned in them."
        ): m.to_currency(m.net_spend(str(n)))
        for n in m.FEATURE_SPANS
    }
    return {
        Feature("recency_days", "Days since the last purchase.", "days", 1.0): pl.col("last_ago"),
        **days,
        **spend,
        Feature(
            "aov", "Average value of an order in the look-back, before any returns.", "currency"
        ): pl.col("paid_lookback") / (pl.col("orders_lookback") * MONEY_SCALE),
    }


PART = FeatureFamily("rfm", _derive, _measures)
