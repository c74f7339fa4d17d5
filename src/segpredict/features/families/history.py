"""What the customer bought window by window, further back than `state` looks."""

import polars as pl

from segpredict.features.engine import measures as m
from segpredict.features.family import Derived, Feature, FeatureFamily, Measures, Window, net_money

WINDOWS_BACK = range(2, 6)  # with `state`'s two that is a year and a half of 91-day windows


def _measures(window: Window) -> Measures:
    found: dict[str, m.Measure] = {}
    for back in WINDOWS_BACK:
        span = m.last_days(window.horizon, skip=back * window.horizon)
        found[f"days_back_{back}"] = m.count_purchase_days(span)
        found |= m.spend_measures(f"back_{back}", span)
    return found


def _derive(window: Window) -> Derived:
    derived: dict[Feature, pl.Expr] = {}
    for back in WINDOWS_BACK:
        when = f"in the outcome-length window that ended {back} windows before the cutoff"
        days = Feature(f"days_back_{back}", f"Purchase days {when}.", "days")
        spend = net_money(f"spend_back_{back}", f"Spend less returns {when}.")
        reach = (back + 1) * window.horizon
        amount = m.to_currency(m.net_spend(f"back_{back}"))
        derived[days] = m.null_if_uncovered(window, reach, pl.col(days.name))
        derived[spend] = m.null_if_uncovered(window, reach, amount)
    return derived


PART = FeatureFamily("history", _derive, _measures)
