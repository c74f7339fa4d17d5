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
from segpredict.classifier.baselines.bgnbd_gg import BgNbdGammaGamma
from segpredict.classifier.booster import XgboostModel
from segpredict.classifier.lesson import HISTORY_COLUMNS, TrainingData, normalised
from segpredict.core.arrays import FloatArray
from segpredict.errors import SupportError
from segpredict.tables import JSON

NAME = "blend"
EQUAL_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class BlendedModel:
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

    trees: XgboostModel
    buying: BgNbdGammaGamma | None
    weight: float = EQUAL_WEIGHT
    name: str = NAME
    note: str = ""

    def predict(self, customers: pl.DataFrame) -> FloatArray:
        """Return the weighted geometric mean of both, scaled to add up to one."""
        chances = self.trees.predict(customers)
        if self.buying is None:
            return chances
        return geometric_mean(chances, self.buying.predict(customers), self.weight)

    def state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "kind": self.name,
            "weight": self.weight,
            "trees": self.trees.state(),
            "buying": None if self.buying is None else self.buying.state(),
        }

    @classmethod
    def from_state(cls, state: JSON) -> "BlendedModel":
        """Return the forecaster that gave a state."""
        buying = state["buying"]
        return cls(
            XgboostModel.from_state(state["trees"]),
            None if buying is None else BgNbdGammaGamma.from_state(buying),
            state["weight"],
        )


def geometric_mean(one: FloatArray, other: FloatArray, weight: float) -> FloatArray:
    """Return the geometric mean of two forecasts, rows adding up to one.

    Examples
    --------
    >>> mixed(np.array([[0.5, 0.5]]), np.array([[0.2, 0.8]]), 0.5).round(3).tolist()
    [[0.333, 0.667]]
    """
    floor = metrics.MIN_PROBABILITY
    logs = weight * np.log(np.maximum(one, floor))
    logs = logs + (1 - weight) * np.log(np.maximum(other, floor))
    return normalised(np.exp(logs))


def fit(lesson: TrainingData) -> BlendedModel:
    """Return trees and BG/NBD fitted on all that is known, at even weights.

    Notes
    -----
    Weights that are fitted do worse: on the validation origins the trees know half of
    what they will know, and get too little (the "forecast combination puzzle", Smith
    and Wallis 2009). So weights are even, but for one case: where even those trees beat
    the blend, BG/NBD is wrong for the shop and gets no weight. Where the data cannot
    support it the trees stand alone as well.
    """
    given, note = calendar.select_calendar_features(lesson)
    early = booster.fit_early_stopping(given, given.names) if given.validation else None
    trees = booster.fit(given, early=early)
    if lesson.past is None or not set(HISTORY_COLUMNS) <= set(lesson.rows.columns):
        return BlendedModel(trees, None, note=note)
    try:
        plain = bgnbd_gg.fit(lesson)
    except SupportError:
        return BlendedModel(trees, None, note=note)
    buying, told = bgnbd_season.fit_if_seasonal(given, plain)
    stands = early is not None and _stands_alone(given, early, buying)
    if not stands:  # what stands alone counts on no season
        note = " ".join(filter(None, [note, told]))
    return BlendedModel(trees, buying, 1.0 if stands else EQUAL_WEIGHT, note=note)


def _stands_alone(lesson: TrainingData, early: xgb.Booster, buying: BgNbdGammaGamma) -> bool:
    """Return whether trees alone beat the even blend on the validation origins.

    By more than one standard error over customers. The trees know half of what they
    will know, and the purchases' model a little more than it could have known by then:
    both speak for the blend, so what speaks against it is to be believed.
    """
    later = lesson.at(lesson.validation)
    known = booster.XgboostModel(early, lesson.names, lesson.classes)
    trees = known.predict(later.rows)
    both = geometric_mean(trees, _foretold(buying, later), EQUAL_WEIGHT)
    gain = metrics.row_log_loss(both, later.labels)
    gain = gain - metrics.row_log_loss(trees, later.labels)
    return bool(gain.mean() > metrics.clustered_standard_error(gain, later.rows["customer_id"]))


def _foretold(buying: BgNbdGammaGamma, later: TrainingData) -> FloatArray:
    """Return what BG/NBD says, with the season as it was known on each row's day."""
    if buying.season is None or later.past is None:
        return buying.predict(later.rows)
    cutoffs = later.rows["cutoff"].to_numpy()
    speeds = season.index_ahead(later.past, np.unique(cutoffs).tolist())
    chances = np.empty((later.rows.height, buying.classes))
    for day in np.unique(cutoffs).tolist():
        then = replace(buying, season=None, speed=speeds.get(day, 1.0))
        places = np.flatnonzero(cutoffs == day)
        chances[places] = then.predict(later.rows[places])
    return chances
