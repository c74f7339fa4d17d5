"""Purchases that count less the longer ago they were: their weight halves with time."""

from functools import reduce
from operator import add

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window, net_money

_HALF_LIVES = (28, 91)
_WEEK, _WEEKS = 7, 52


def _measures(_: Window) -> Measures:
    # Weights are equal within a week, so that sums of whole numbers carry them.
    spans = {week: m.last_days(_WEEK, skip=week * _WEEK) for week in range(_WEEKS)}
    return {
        **{f"days_week_{week}": m.count_purchase_days(span) for week, span in spans.items()},
        **{
            name: measure
            for week, span in spans.items()
            for name, measure in m.spend_measures(f"week_{week}", span).items()
        },
    }


def _decayed(weekly: list[pl.Expr], half_life: int) -> pl.Expr:
    # One after the other: the order of `sum_horizontal` depends on the number of threads.
    weighted = (each * 0.5 ** (week * _WEEK / half_life) for week, each in enumerate(weekly))
    total: pl.Expr = reduce(add, weighted)
    return total


def _derive(_: Window) -> Derived:
    days = [pl.col(f"days_week_{week}") for week in range(_WEEKS)]
    spend = [m.net_spend(f"week_{week}") for week in range(_WEEKS)]
    found: dict[Feature, pl.Expr] = {}
    for n in _HALF_LIVES:
        found[
            Feature(
                f"decayed_days_{n}",
                f"Purchase days of the last 364 days; each counts half for every {n} days it is "
                "ago, by whole weeks.",
                "days",
            )
        ] = _decayed(days, n)
        found[
            net_money(
                f"decayed_spend_{n}",
                f"Spend of the last 364 days, less returns; it counts half for every {n} days it "
                "is ago, by whole weeks.",
            )
        ] = m.to_currency(_decayed(spend, n))
    return found


PART = FeatureFamily("decay", _derive, _measures, is_default=False)
