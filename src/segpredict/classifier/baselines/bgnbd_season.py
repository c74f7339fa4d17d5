"""Forecast by playing on, as fast as the same weeks of last year went."""

from dataclasses import replace

from segpredict.classifier import season
from segpredict.classifier.baselines import bgnbd_gg
from segpredict.classifier.baselines._baseline import Baseline
from segpredict.classifier.baselines.bgnbd_gg import BgNbdGg
from segpredict.classifier.lesson import HISTORY, Lesson
from segpredict.tables import JSON

NAME = "bgnbd_season"


def fit(lesson: Lesson) -> BgNbdGg:
    """Return BG/NBD with Gamma-Gamma, and the season where older forecasts prove it.

    Raises
    ------
    SupportError
        As with `bgnbd_gg`.
    """
    found, _ = in_season(lesson, bgnbd_gg.fit(lesson))
    return replace(found, name=NAME)


def in_season(lesson: Lesson, plain: BgNbdGg) -> tuple[BgNbdGg, str]:
    """Return the model with the season where that is proven, and why."""
    found, told = season.proven(
        lesson, lambda rows, speed: replace(plain, speed=speed).predict(rows)
    )
    return replace(plain, season=found), told


def load(state: JSON) -> BgNbdGg:
    """Return the forecaster that gave a state."""
    return replace(BgNbdGg.from_state(state), name=NAME)


PART = Baseline(
    NAME,
    "BG/NBD and Gamma-Gamma, as busy as last year's season where that is proven.",
    fit,
    load,
    HISTORY,
    is_usual=False,
)
