"""How recently, how often and for how much: the four spans of RFM."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    SPANS,
    Measure,
    days,
    money,
    net,
    orders,
    past,
    since_last,
    spent,
    total,
)
from segpredict.tables import MONEY, Feature
from segpredict.window import Window


def _measures(window: Window) -> Mapping[str, Measure]:
    lookback = past(window.lookback)
    spends = (spent(str(span), past(span)) for span in SPANS)
    return {
        "last_ago": since_last(),
        **{f"days_{span}": days(past(span)) for span in SPANS},
        **{name: measure for pair in spends for name, measure in pair.items()},
        "orders_lookback": orders(lookback),
        "paid_lookback": total("net", lookback),
    }


def _derive(_: Window) -> Mapping[str, pl.Expr]:
    return {
        "recency_days": pl.col("last_ago"),
        **{f"freq_days_{span}": pl.col(f"days_{span}") for span in SPANS},
        **{f"spend_{span}": money(net(str(span))) for span in SPANS},
        "aov": pl.col("paid_lookback") / (pl.col("orders_lookback") * MONEY),
    }


PART = Family(
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
            for span in SPANS
        ),
        *(
            Feature(
                f"spend_{span}",
                f"Spend in the last {span} days, less what was returned in them.",
                "currency",
                low=None,
            )
            for span in SPANS
        ),
        Feature(
            "aov",
            "Average value of an order in the look-back, before any returns.",
            "currency",
        ),
    ),
    measures=_measures,
    derive=_derive,
)
