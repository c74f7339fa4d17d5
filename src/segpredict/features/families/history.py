"""What the customer bought window by window, further back than `state` looks."""

from collections.abc import Mapping

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.measures import (
    Measure,
    count_purchase_days,
    last_days,
    net_spend,
    null_if_uncovered,
    spend_measures,
    to_currency,
)
from segpredict.features.family import FeatureFamily

WINDOWS_BACK = range(2, 6)  # with `state`'s two that is a year and a half of 91-day windows


def _measures(window: Window) -> Mapping[str, Measure]:
    spans = {back: last_days(window.horizon, skip=back * window.horizon) for back in WINDOWS_BACK}
    measures = {f"days_back_{back}": count_purchase_days(span) for back, span in spans.items()}
    for back, span in spans.items():
        measures |= spend_measures(f"back_{back}", span)
    return measures


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    derived: dict[str, pl.Expr] = {}
    for back in WINDOWS_BACK:
        reach = (back + 1) * window.horizon
        name = f"days_back_{back}"
        derived[name] = null_if_uncovered(window, reach, pl.col(name))
        amount = to_currency(net_spend(f"back_{back}"))
        derived[f"spend_back_{back}"] = null_if_uncovered(window, reach, amount)
    return derived


def _described(back: int) -> tuple[Feature, Feature]:
    when = f"in the outcome-length window that ended {back} windows before the cutoff"
    return (
        Feature(f"days_back_{back}", f"Purchase days {when}.", "days"),
        Feature(f"spend_back_{back}", f"Spend less returns {when}.", "currency", None),
    )


PART = FeatureFamily(
    name="history",
    features=tuple(feature for back in WINDOWS_BACK for feature in _described(back)),
    measures=_measures,
    derive=_derive,
)
