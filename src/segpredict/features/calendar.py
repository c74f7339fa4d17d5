"""When the outcome falls in the year: alike for everybody at one cutoff.

Such columns tell origins apart, not customers, and a model that learns them on a short
history learns the order of its origins (leak L10). So the classifier takes them only
where older forecasts prove that they help (`segpredict.classifier.proof`).
"""

import math
from collections.abc import Mapping

import polars as pl

from segpredict.features._family import Family, nothing
from segpredict.tables import Feature
from segpredict.window import Window

YEAR = 364  # whole weeks, as everywhere: a year later is the same weekday


def _derive(window: Window) -> Mapping[str, pl.Expr]:
    middle = window.outcome_start + window.horizon / 2
    angle = 2 * math.pi * (middle % YEAR) / YEAR
    return {
        "outcome_sin": pl.lit(math.sin(angle)),
        "outcome_cos": pl.lit(math.cos(angle)),
    }


def _described(name: str, part: str) -> Feature:
    meaning = f"{part} of the middle of the outcome in the year of 364 days."
    return Feature(name, meaning, "ratio", -1.0, 1.0)


PART = Family(
    name="calendar",
    features=(_described("outcome_sin", "Sine"), _described("outcome_cos", "Cosine")),
    measures=nothing,
    derive=_derive,
)
