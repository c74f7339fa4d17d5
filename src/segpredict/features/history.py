"""What the customer bought window by window, further back than `state` looks."""

from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family
from segpredict.features._measures import (
    Measure,
    days,
    if_seen,
    money,
    net,
    past,
    spent,
)
from segpredict.tables import Feature
from segpredict.window import Window

BACK = range(2, 6)  # with `state`'s two that is a year and a half of 91-day windows


def _measures(window: Window) -> Mapping[str, Measure]:
    spans = {back: past(window.horizon, skip=back * window.horizon) for back in BACK}
    asked = {f"days_back_{back}": days(span) for back, span in spans.items()}
    for back, span in spans.items():
        asked |= spent(f"back_{back}", span)
    return asked


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    told: dict[str, pl.Expr] = {}
    for back in BACK:
        reach = (back + 1) * window.horizon
        name = f"days_back_{back}"
        told[name] = if_seen(window, reach, pl.col(name))
        amount = money(net(f"back_{back}"))
        told[f"spend_back_{back}"] = if_seen(window, reach, amount)
    return told


def _described(back: int) -> tuple[Feature, Feature]:
    when = f"in the outcome-length window that ended {back} windows before the cutoff"
    return (
        Feature(f"days_back_{back}", f"Purchase days {when}.", "days"),
        Feature(f"spend_back_{back}", f"Spend less returns {when}.", "currency", None),
    )


PART = Family(
    name="history",
    features=tuple(feature for back in BACK for feature in _described(back)),
    measures=_measures,
    derive=_derive,
)
