"""Whether a customer buys more or less than before."""

import polars as pl

from segpredict.core.transactions import MONEY_SCALE
from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window, share

_MONTH, _QUARTER = m.FEATURE_SPANS[0], m.FEATURE_SPANS[1]
_BINS = 6


def _measures(window: Window) -> Measures:
    half = window.lookback // 2
    newer = window.lookback - half
    quarter, before = m.last_days(_QUARTER), m.last_days(_QUARTER, skip=_QUARTER)
    return {
        "days_91": m.count_purchase_days(quarter),
        "days_91_before": m.count_purchase_days(before),
        **m.spend_measures("91", quarter),
        **m.spend_measures("91_before", before),
        **{
            f"days_bin_{i}": m.count_purchase_days(m.last_days(_MONTH, skip=i * _MONTH))
            for i in range(_BINS)
        },
        "days_lookback": m.count_purchase_days(m.last_days(window.lookback)),
        "days_first_half": m.count_purchase_days(m.last_days(half, skip=newer)),
    }


def _leaning() -> pl.Expr:
    # With periods numbered 0 (oldest) to 5, the slope is Σ(t - 2.5)·count / 17.5; twice
    # both keeps it whole.
    return pl.sum_horizontal(pl.col(f"days_bin_{i}") * (_BINS - 1 - 2 * i) for i in range(_BINS))


def _derive(window: Window) -> Derived:
    now, before = pl.col("days_91") + 0.5, pl.col("days_91_before") + 0.5
    # Returns can leave less than nothing; below one unit of currency is one unit.
    paid, earlier = (m.net_spend(n).clip(lower_bound=MONEY_SCALE) for n in ("91", "91_before"))
    older = pl.col("days_first_half") / pl.col("days_lookback")
    return {
        Feature(
            "trend_days",
            "Whether purchases became more frequent: purchase days of the last 91 days "
            "against the 91 before; above 0 is growth.",
            "log ratio",
            low=None,
        ): m.null_if_uncovered(window, 2 * _QUARTER, (now / before).log()),
        Feature(
            "trend_spend",
            "Whether spend grew: the last 91 days against the 91 before; above 0 is growth.",
            "log ratio",
            low=None,
        ): m.null_if_uncovered(window, 2 * _QUARTER, (paid / earlier).log()),
        Feature(
            "trend_slope",
            "Purchase days gained or lost from one 28-day period to the next, over the last six.",
            "days",
            -7.2,
            7.2,
        ): m.null_if_uncovered(window, _BINS * _MONTH, m.divide_rounded(_leaning(), 35)),
        share(
            "share_first_half",
            "Share of the look-back's purchase days that lie in its older half; low "
            "means that activity is recent.",
        ): m.null_if_uncovered(window, window.lookback, older),
    }


PART = FeatureFamily("trend", _derive, _measures)
