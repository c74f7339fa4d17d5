"""When in the year the outcome window falls: equal for all customers at one cutoff.

Such columns tell origins apart, not customers, and a model that learns them on a short
history learns the order of its origins (leak L10). So the classifier takes them only
where older forecasts prove that they help (`segpredict.classifier.models.calendar`).
"""

import math

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window, day_number
from segpredict.features.family import Columns, FeatureFamily, no_measures

MEAN_CALENDAR_YEAR = 365.2425  # days from New Year to New Year, on average
FIRST_NEW_YEAR = day_number("2000-01-01")


def _derive(window: Window) -> Columns:
    middle = window.outcome_start + window.horizon / 2
    angle = 2 * math.pi * (middle - FIRST_NEW_YEAR) / MEAN_CALENDAR_YEAR
    return {
        "season_ahead_new_year": pl.lit(math.cos(angle)),
        "season_ahead_april": pl.lit(math.sin(angle)),
    }


def _described(name: str, near: str, far: str) -> Feature:
    meaning = f"How close the predicted days are to {near}: 1 there, −1 {far}."
    return Feature(name, meaning, "ratio", -1.0, 1.0)


_FEATURES = (
    _described("season_ahead_new_year", "New Year", "in July"),
    _described("season_ahead_april", "the start of April", "in October"),
)
PART = FeatureFamily("calendar", _FEATURES, no_measures, _derive)
