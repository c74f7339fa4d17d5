"""What the customer bought window by window, further back than `state` looks."""

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.family import Columns, FeatureFamily, Measures, net_money

WINDOWS_BACK = range(2, 6)  # with `state`'s two that is a year and a half of 91-day windows


def _measures(window: Window) -> Measures:
    found: dict[str, m.Measure] = {}
    for back in WINDOWS_BACK:
        span = m.last_days(window.horizon, skip=back * window.horizon)
        found[f"days_back_{back}"] = m.count_purchase_days(span)
        found |= m.spend_measures(f"back_{back}", span)
    return found


def _derive(window: Window) -> Columns:
    derived: dict[str, pl.Expr] = {}
    for back in WINDOWS_BACK:
        reach = (back + 1) * window.horizon
        name = f"days_back_{back}"
        derived[name] = m.null_if_uncovered(window, reach, pl.col(name))
        amount = m.to_currency(m.net_spend(f"back_{back}"))
        derived[f"spend_back_{back}"] = m.null_if_uncovered(window, reach, amount)
    return derived


def _described(back: int) -> tuple[Feature, Feature]:
    when = f"in the outcome-length window that ended {back} windows before the cutoff"
    return (
        Feature(f"days_back_{back}", f"Purchase days {when}.", "days"),
        net_money(f"spend_back_{back}", f"Spend less returns {when}."),
    )


_FEATURES = tuple(feature for back in WINDOWS_BACK for feature in _described(back))
PART = FeatureFamily("history", _FEATURES, _measures, _derive)
