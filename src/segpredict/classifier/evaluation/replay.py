"""Repeat the backtests of a run: its customers, its training data and its model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from segpredict.classifier.history import histories_at_cutoffs
from segpredict.classifier.models.ensemble import EnsembleModel
from segpredict.classifier.panel import SegmentAssigner, build_panel
from segpredict.classifier.splits import schedule_folds
from segpredict.classifier.training_data import TrainingData, training_data_of_fold
from segpredict.config.classifier import ClassifierOptions, TimeOptions
from segpredict.core.transactions import Transactions


@dataclass(frozen=True, slots=True)
class BacktestReplay:
    """One test window, with the model that was fitted for it."""

    cutoff: int  # the day T*
    training_data: TrainingData  # what the model learned from
    # the customers forecast, with their outcome (``label``), sorted by customer
    customers: pl.DataFrame
    model: EnsembleModel  # the model of that test


def replay_backtests(
    transactions: Transactions,
    segmentation: SegmentAssigner,
    options: ClassifierOptions,
    time: TimeOptions,
    backtest_models: Sequence[EnsembleModel],
) -> tuple[BacktestReplay, ...]:
    """Return the backtests of a run, oldest first.

    * `transactions`, `segmentation`, `options`, `time`: as in training.
    * `backtest_models`: `TrainingResult.backtest_models`: the model of each test.
    """
    days = schedule_folds(transactions.first_day, transactions.end_day, time)
    cutoffs = {day for fold in days.test_folds for day in (*fold.train_origins, fold.cutoff)}
    windows = [window for window in days.windows if window.cutoff in cutoffs]
    rows = build_panel(transactions, segmentation, windows, options.families)
    known_then = histories_at_cutoffs(transactions, segmentation, days)
    found = []
    for fold, model in zip(days.test_folds, backtest_models, strict=True):
        past = known_then[fold.cutoff]
        known = training_data_of_fold(rows, fold, len(segmentation.segments), options, past)
        customers = rows.at_cutoffs(fold.cutoff).sort("customer_id")
        given = replace(known, feature_names=model.xgboost_model.feature_names)
        found.append(BacktestReplay(fold.cutoff, given, customers, model))
    return tuple(found)
