"""A small shop, its schedule, segments and a finished training, made once."""

from dataclasses import dataclass

import shop
from segpredict import features
from segpredict import segmentation as segments
from segpredict.classifier import Schedule, TrainingResult, schedule_folds, train_classifier
from segpredict.classifier.history import histories_at_cutoffs
from segpredict.classifier.training_data import TrainingData, training_data_of_fold
from segpredict.config.classifier import ClassifierOptions, TimeOptions, XgboostOptions
from segpredict.config.segmentation import SegmentationOptions
from segpredict.core.panel import Panel
from segpredict.core.transactions import Transactions
from segpredict.segmentation import Segmentation

TIME = TimeOptions(horizon=28, lookback=112, step=14, max_history=224, test_windows=2)
OPTIONS = ClassifierOptions(
    xgboost=XgboostOptions(
        learning_rate=0.2, max_rounds=40, early_stopping_rounds=5, min_child_weight=5
    ),
    bootstrap_draws=200,
)


@dataclass(frozen=True)
class Small:
    """Everything a test of this room may want to look at."""

    transactions: Transactions
    schedule: Schedule
    segmentation: Segmentation
    training: TrainingResult

    @property
    def panel(self) -> Panel:
        return self.training.panel

    def training_data(self, which: int = -1) -> TrainingData:
        fold = self.schedule.test_folds[which]
        known = histories_at_cutoffs(self.transactions, self.segmentation, self.schedule)
        size = len(self.segmentation.segments)
        return training_data_of_fold(self.panel, fold, size, OPTIONS, known[fold.cutoff])


def segmenter(transactions: Transactions, days: Schedule, k: int = 2) -> Segmentation:
    inputs = features.clustering_inputs(transactions, days.segmentation_windows)
    options = SegmentationOptions(k=k, n_init=3, min_customers=0, min_share=0, max_share=1)
    return segments.fit_segmentation(inputs, options, horizon=days.time.horizon)


def make() -> Small:
    transactions = shop.world(customers=400, days=420)
    days = schedule_folds(transactions.first_day, transactions.end_day, TIME)
    segmentation = segmenter(transactions, days)
    training = train_classifier(transactions, segmentation, OPTIONS, TIME)
    return Small(transactions, days, segmentation, training)
