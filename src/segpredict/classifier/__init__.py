"""Forecast each customer's next segment, and evaluate the forecast out of time.

In: transactions and a frozen segmentation. Out: the selected model, and the evaluation
that selected it among the model and its baselines.
"""

from segpredict.classifier.decisions.policy import DecisionPolicy
from segpredict.classifier.evaluation.backtest import BacktestReplay, replay_backtests
from segpredict.classifier.evaluation.predictability import (
    prepare_predictability_test,
    run_leakage_demo,
)
from segpredict.classifier.evaluation.results import Backtest, Evaluation
from segpredict.classifier.horizon import compare_horizons, require_forecast
from segpredict.classifier.models.baselines import BASELINES, Baseline
from segpredict.classifier.models.ensemble import EnsembleModel
from segpredict.classifier.models.xgboost import XgboostModel
from segpredict.classifier.panel import STATE_FEATURES, SegmentAssigner, build_panel
from segpredict.classifier.splits import Fold, Schedule, schedule_folds
from segpredict.classifier.test_set_log import TestSetLog
from segpredict.classifier.train import TrainingResult, load, train_classifier
from segpredict.classifier.training_data import Forecaster

__all__ = [
    "BASELINES",
    "STATE_FEATURES",
    "Backtest",
    "BacktestReplay",
    "Baseline",
    "DecisionPolicy",
    "EnsembleModel",
    "Evaluation",
    "Fold",
    "Forecaster",
    "Schedule",
    "SegmentAssigner",
    "TestSetLog",
    "TrainingResult",
    "XgboostModel",
    "build_panel",
    "compare_horizons",
    "load",
    "prepare_predictability_test",
    "replay_backtests",
    "require_forecast",
    "run_leakage_demo",
    "schedule_folds",
    "train_classifier",
]
