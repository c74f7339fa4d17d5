"""Forecast each customer's next segment, and judge the forecast out of time.

In: transactions and a frozen segmentation. Out: a forecaster that ships, and the
verdict that chose it among the model and its baselines.
"""

from segpredict.classifier._canary import LeakageDemo, LeakageTest, run_leakage_demo
from segpredict.classifier._foresight import PredictabilityTest, prepare_predictability_test
from segpredict.classifier._panel import STATE_FEATURES, SegmentAssigner, build_panel
from segpredict.classifier._past import histories_at_cutoffs
from segpredict.classifier._train import TrainingResult, load, train_classifier
from segpredict.classifier.baselines import BASELINES, Baseline
from segpredict.classifier.blend import BlendedModel
from segpredict.classifier.booster import XgboostModel
from segpredict.classifier.exam import BacktestReplay, replay_backtests
from segpredict.classifier.horizon import compare_horizons
from segpredict.classifier.lesson import Forecaster
from segpredict.classifier.options import (
    ClassifierOptions,
    TimeOptions,
    XgboostOptions,
)
from segpredict.classifier.origins import Fold, Schedule, schedule_folds
from segpredict.classifier.test_set_log import TestSetLog
from segpredict.classifier.usage import DecisionPolicy
from segpredict.classifier.verdict import Backtest, Comparison, Evaluation, WindowScores

__all__ = [
    "BASELINES",
    "STATE_FEATURES",
    "Backtest",
    "BacktestReplay",
    "Baseline",
    "BlendedModel",
    "ClassifierOptions",
    "Comparison",
    "DecisionPolicy",
    "Evaluation",
    "Fold",
    "Forecaster",
    "LeakageDemo",
    "LeakageTest",
    "PredictabilityTest",
    "Schedule",
    "SegmentAssigner",
    "TestSetLog",
    "TimeOptions",
    "TrainingResult",
    "WindowScores",
    "XgboostModel",
    "XgboostOptions",
    "build_panel",
    "compare_horizons",
    "histories_at_cutoffs",
    "load",
    "prepare_predictability_test",
    "replay_backtests",
    "run_leakage_demo",
    "schedule_folds",
    "train_classifier",
]
