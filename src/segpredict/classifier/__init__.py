"""Forecast each customer's next segment, and judge the forecast out of time.

In: transactions and a frozen segmentation. Out: a forecaster that ships, and the
verdict that chose it among the model and its baselines.
"""

from segpredict.classifier._canary import Canary, Sight, canary
from segpredict.classifier._foresight import Foresight, foresight
from segpredict.classifier._panel import STATES, Segmenter, panel
from segpredict.classifier._past import pasts
from segpredict.classifier._train import Training, load, train
from segpredict.classifier.baselines import BASELINES, Baseline
from segpredict.classifier.blend import Blend
from segpredict.classifier.booster import Booster
from segpredict.classifier.exam import Exam, exams
from segpredict.classifier.horizon import horizons
from segpredict.classifier.lesson import Forecaster
from segpredict.classifier.options import (
    BoosterOptions,
    ClassifierOptions,
    TimeOptions,
)
from segpredict.classifier.origins import Fold, Schedule, schedule
from segpredict.classifier.test_set_log import TestSetLog
from segpredict.classifier.usage import Usage
from segpredict.classifier.verdict import Claim, Reading, Trial, Verdict

__all__ = [
    "BASELINES",
    "STATES",
    "Baseline",
    "Blend",
    "Booster",
    "BoosterOptions",
    "Canary",
    "Claim",
    "ClassifierOptions",
    "Exam",
    "Fold",
    "Forecaster",
    "Foresight",
    "Reading",
    "Schedule",
    "Segmenter",
    "Sight",
    "TestSetLog",
    "TimeOptions",
    "Training",
    "Trial",
    "Usage",
    "Verdict",
    "canary",
    "exams",
    "foresight",
    "horizons",
    "load",
    "panel",
    "pasts",
    "schedule",
    "train",
]
