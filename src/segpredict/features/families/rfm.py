"""How recently, how often and for how much: the four spans of RFM."""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.transactions import MONEY_SCALE
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    FEATURE_SPANS,
    Measure,
    count_orders,
    count_purchase_days,
    days_since_last,
    last_days,
    net_spend,
    spend_measures,
    sum_orders,
    to_currency,
)
from segpredict.features.family import FeatureFamily


def _measures(window: Window) -> Mapping[str, Measure]:
    lookback = last_days(window.lookback)
    spends = (spend_measures(str(span), last_days(span)) for span in FEATURE_SPANS)
    return {
        "last_ago": days_since_last(),
        **{f"days_{span}": count_purchase_days(last_days(span)) for span in FEATURE_SPANS},
        **{name: measure for pair in spends for name, measure in pair.items()},
        "orders_lookback": count_orders(lookback),
        "paid_lookback": sum_orders("net", lookback),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    return {
        "recency_days": pl.col("last_ago"),
        **{f"freq_days_{span}": pl.col(f"days_{span}") for span in FEATURE_SPANS},
        **{f"spend_{span}": to_currency(net_spend(str(span))) for span in FEATURE_SPANS},
        "aov": pl.col("paid_lookback") / (pl.col("orders_lookback") * MONEY_SCALE),
    }


PART = FeatureFamily(
    name="rfm",
    features=(
        Feature("recency_days", "Days since the last purchase.", "days", 1.0),
        *(
            Feature(
                f"freq_days_{span}",
                f"Days with a purchase in the last {span} days.",
                "days",
                high=float(span),
            )
            for span in FEATURE_SPANS
        ),
        *(
            Feature(
                f"spend_{span}",
                f"Spend in the last {span} days, less what was returned in them.",
                "currency",
                low=None,
            )
            for span in FEATURE_SPANS
        ),
        Feature(
            "aov", "Average value of an order in the look-back, before any returns.", "currency"
        ),
    ),
    measures=_measures,
    derive=_derive,
)
