"""Whether a customer buys more or less than before."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    SPANS,
    Measure,
    days,
    if_seen,
    net,
    over,
    past,
    spent,
)
from segpredict.tables import MONEY, Feature
from segpredict.window import Window

_MONTH, _QUARTER = SPANS[0], SPANS[1]
_BINS = 6


def _measures(window: Window) -> Mapping[str, Measure]:
    half = window.lookback // 2
    newer = window.lookback - half
    quarter, before = past(_QUARTER), past(_QUARTER, skip=_QUARTER)
    return {
        "days_91": days(quarter),
        "days_91_before": days(before),
        **spent("91", quarter),
        **spent("91_before", before),
        **{f"days_bin_{i}": days(past(_MONTH, skip=i * _MONTH)) for i in range(_BINS)},
        "days_lookback": days(past(window.lookback)),
        "days_first_half": days(past(half, skip=newer)),
    }


def _leaning() -> pl.Expr:
    # With periods numbered 0 (oldest) to 5, the slope is Σ(t - 2.5)·count / 17.5; twice
    # both keeps it whole.
    return pl.sum_horizontal(
        pl.col(f"days_bin_{i}") * (_BINS - 1 - 2 * i) for i in range(_BINS)
    )


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    now, before = pl.col("days_91") + 0.5, pl.col("days_91_before") + 0.5
    # Returns can leave less than nothing; below one unit of currency is one unit.
    paid, earlier = (net(n).clip(lower_bound=MONEY) for n in ("91", "91_before"))
    share = pl.col("days_first_half") / pl.col("days_lookback")
    return {
        "trend_days": if_seen(window, 2 * _QUARTER, (now / before).log()),
        "trend_spend": if_seen(window, 2 * _QUARTER, (paid / earlier).log()),
        "trend_slope": if_seen(window, _BINS * _MONTH, over(_leaning(), 35)),
        "share_first_half": if_seen(window, window.lookback, share),
    }


PART = Family(
    name="trend",
    features=(
        Feature(
            "trend_days",
            "Whether purchases became more frequent: purchase days of the last 91 days "
            "against the 91 before; above 0 is growth.",
            "log ratio",
            low=None,
        ),
        Feature(
            "trend_spend",
            "Whether spend grew: the last 91 days against the 91 before; above 0 is "
            "growth.",
            "log ratio",
            low=None,
        ),
        Feature(
            "trend_slope",
            "Purchase days gained or lost from one 28-day period to the next, over the "
            "last six.",
            "days",
            -7.2,
            7.2,
        ),
        Feature(
            "share_first_half",
            "Share of the look-back's purchase days that lie in its older half; low "
            "means that activity is recent.",
            "share",
            high=1.0,
        ),
    ),
    measures=_measures,
    derive=_derive,
)
