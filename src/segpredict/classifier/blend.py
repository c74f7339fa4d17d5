"""The model: boosted trees and BG/NBD, at even weights.

Trees learn what the columns tell and over-learn the seasons they have seen; BG/NBD
learns no label, and of the season only what all orders together tell, where that is
proven. Their errors differ, so their middle beats both.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import xgboost as xgb

from segpredict.classifier import booster, calendar, metrics, season
from segpredict.classifier.baselines import bgnbd_gg, bgnbd_season
from segpredict.classifier.baselines.bgnbd_gg import BgNbdGg
from segpredict.classifier.booster import Booster
from segpredict.classifier.lesson import HISTORY, Floats, Lesson, normalised
from segpredict.errors import SupportError
from segpredict.tables import JSON

NAME = "blend"
EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Blend:
    """Trees and a model of purchases, as one.

    Parameters
    ----------
    trees
        The boosted trees.
    buying
        BG/NBD and Gamma-Gamma; ``None`` where the data cannot support them.
    weight
        Share of the trees, from 0 to 1.
    name
        The name in the verdict.
    note
        What a reader must know of the fit.
    """

    trees: Booster
    buying: BgNbdGg | None
    weight: float = EVEN
    name: str = NAME
    note: str = ""

    def predict(self, customers: pl.DataFrame) -> Floats:
        """Return the weighted geometric mean of both, scaled to add up to one."""
        chances = self.trees.predict(customers)
        if self.buying is None:
            return chances
        return mixed(chances, self.buying.predict(customers), self.weight)

    def state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "kind": self.name,
            "weight": self.weight,
            "trees": self.trees.state(),
            "buying": None if self.buying is None else self.buying.state(),
        }

    @classmethod
    def from_state(cls, state: JSON) -> "Blend":
        """Return the forecaster that gave a state."""
        buying = state["buying"]
        return cls(
            Booster.from_state(state["trees"]),
            None if buying is None else BgNbdGg.from_state(buying),
            state["weight"],
        )


def mixed(one: Floats, other: Floats, weight: float) -> Floats:
    """Return the geometric mean of two forecasts, rows adding up to one.

    Examples
    --------
    >>> mixed(np.array([[0.5, 0.5]]), np.array([[0.2, 0.8]]), 0.5).round(3).tolist()
    [[0.333, 0.667]]
    """
    floor = metrics.FLOOR
    logs = weight * np.log(np.maximum(one, floor))
    logs = logs + (1 - weight) * np.log(np.maximum(other, floor))
    return normalised(np.exp(logs))


def fit(lesson: Lesson) -> Blend:
    """Return trees and BG/NBD fitted on all that is known, at even weights.

    Notes
    -----
    Weights that are fitted do worse: on the validation origins the trees know half of
    what they will know, and get too little (the "forecast combination puzzle", Smith
    and Wallis 2009). So weights are even, but for one case: where even those trees beat
    the blend, BG/NBD is wrong for the shop and gets no weight. Where the data cannot
    support it the trees stand alone as well.
    """
    given, note = calendar.proven(lesson)
    early = booster.grow(given, given.names) if given.validation else None
    trees = booster.fit(given, early=early)
    if lesson.past is None or not set(HISTORY) <= set(lesson.rows.columns):
        return Blend(trees, None, note=note)
    try:
        plain = bgnbd_gg.fit(lesson)
    except SupportError:
        return Blend(trees, None, note=note)
    buying, told = bgnbd_season.in_season(given, plain)
    stands = early is not None and _stands_alone(given, early, buying)
    if not stands:  # what stands alone counts on no season
        note = " ".join(filter(None, [note, told]))
    return Blend(trees, buying, 1.0 if stands else EVEN, note=note)


def _stands_alone(lesson: Lesson, early: xgb.Booster, buying: BgNbdGg) -> bool:
    """Return whether trees alone beat the even blend on the validation origins.

    By more than one standard error over customers. The trees know half of what they
    will know, and the purchases' model a little more than it could have known by then:
    both speak for the blend, so what speaks against it is to be believed.
    """
    later = lesson.at(lesson.validation)
    known = booster.Booster(early, lesson.names, lesson.classes)
    trees = known.predict(later.rows)
    both = mixed(trees, _foretold(buying, later), EVEN)
    gain = metrics.row_log_loss(both, later.labels)
    gain = gain - metrics.row_log_loss(trees, later.labels)
    return bool(gain.mean() > metrics.clustered_error(gain, later.rows["customer_id"]))


def _foretold(buying: BgNbdGg, later: Lesson) -> Floats:
    """Return what BG/NBD says, with the season as it was known on each row's day."""
    if buying.season is None or later.past is None:
        return buying.predict(later.rows)
    cutoffs = later.rows["cutoff"].to_numpy()
    speeds = season.ahead(later.past, np.unique(cutoffs).tolist())
    chances = np.empty((later.rows.height, buying.classes))
    for day in np.unique(cutoffs).tolist():
        then = replace(buying, season=None, speed=speeds.get(day, 1.0))
        places = np.flatnonzero(cutoffs == day)
        chances[places] = then.predict(later.rows[places])
    return chances
