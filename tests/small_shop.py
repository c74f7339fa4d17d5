"""A small shop, its schedule, segments and a finished training, made once."""

from dataclasses import dataclass

import shop
from segpredict import features, segments
from segpredict.classifier import (
    BoosterOptions,
    ClassifierOptions,
    Schedule,
    TimeOptions,
    Training,
    schedule,
    train,
)
from segpredict.classifier._past import pasts
from segpredict.classifier.lesson import Lesson, lesson
from segpredict.segments import Segmentation, SegmentOptions
from segpredict.tables import Panel, Transactions

TIME = TimeOptions(horizon=28, lookback=112, step=14, history=224, outer=2)
OPTIONS = ClassifierOptions(
    booster=BoosterOptions(eta=0.2, cap=40, patience=5, min_child_weight=5),
    draws=200,
)


@dataclass(frozen=True)
class Small:
    """Everything a test of this room may want to look at."""

    transactions: Transactions
    schedule: Schedule
    segmentation: Segmentation
    training: Training

    @property
    def panel(self) -> Panel:
        return self.training.panel

    def lesson(self, which: int = -1) -> Lesson:
        fold = self.schedule.outer[which]
        known = pasts(self.transactions, self.segmentation, self.schedule)
        size = len(self.segmentation.segments)
        return lesson(self.panel, fold, size, OPTIONS, known[fold.cutoff])


def segmenter(transactions: Transactions, days: Schedule, k: int = 2) -> Segmentation:
    instrument = features.instrument(transactions, days.blind)
    options = SegmentOptions(k=k, n_init=3, min_customers=0, min_share=0, max_share=1)
    return segments.fit(instrument, options, horizon=days.time.horizon)


def make() -> Small:
    transactions = shop.world(customers=400, days=420)
    days = schedule(transactions.first_day, transactions.end_day, TIME)
    segmentation = segmenter(transactions, days)
    training = train(transactions, segmentation, OPTIONS, TIME)
    return Small(transactions, days, segmentation, training)
