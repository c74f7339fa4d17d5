"""Bring a stored forecaster back, whichever kind was shipped."""

from segpredict.classifier import blend, booster
from segpredict.classifier.baselines import BASELINES
from segpredict.classifier.blend import Blend
from segpredict.classifier.booster import Booster
from segpredict.classifier.calibration import KIND, Calibrated, Calibration
from segpredict.classifier.lesson import Forecaster
from segpredict.tables import JSON


def load(state: JSON) -> Forecaster:
    """Return the forecaster that gave a state; its predictions are the same.

    Parameters
    ----------
    state
        What `Forecaster.state` returned, also after a trip through JSON.

    Raises
    ------
    UnknownNameError
        When the state names a kind that is not there.
    """
    if state["kind"] == booster.NAME:
        return Booster.from_state(state)
    if state["kind"] == blend.NAME:
        return Blend.from_state(state)
    if state["kind"] == KIND:
        calibration = Calibration.from_state(state["calibration"])
        return Calibrated(load(state["forecaster"]), calibration)
    return BASELINES.get(state["kind"]).load(state)
