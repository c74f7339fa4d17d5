"""Take the tests of a run again: who was asked, what was known, and the model then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from segpredict.classifier._panel import Segmenter, panel
from segpredict.classifier._past import pasts
from segpredict.classifier.blend import Blend
from segpredict.classifier.lesson import Lesson, lesson
from segpredict.classifier.options import ClassifierOptions, TimeOptions
from segpredict.classifier.origins import schedule
from segpredict.tables import Transactions


@dataclass(frozen=True, slots=True)
class Exam:
    """One outer test.

    Parameters
    ----------
    cutoff
        The day T*.
    lesson
        What the model learned from.
    customers
        Who was asked, with what became of them (``label``), sorted by customer.
    model
        The model of that day.
    """

    cutoff: int
    lesson: Lesson
    customers: pl.DataFrame
    model: Blend


def exams(
    transactions: Transactions,
    segmentation: Segmenter,
    options: ClassifierOptions,
    time: TimeOptions,
    tested: Sequence[Blend],
) -> tuple[Exam, ...]:
    """Return the outer tests of a run, oldest first.

    Parameters
    ----------
    transactions, segmentation, options, time
        As in training.
    tested
        `Training.tested`: the model of each test.
    """
    days = schedule(transactions.first_day, transactions.end_day, time)
    asked = {day for fold in days.outer for day in (*fold.training, fold.cutoff)}
    windows = [window for window in days.windows if window.cutoff in asked]
    rows = panel(transactions, segmentation, windows, options.families)
    known_then = pasts(transactions, segmentation, days)
    found = []
    for fold, model in zip(days.outer, tested, strict=True):
        past = known_then[fold.cutoff]
        known = lesson(rows, fold, len(segmentation.segments), options, past)
        customers = rows.at(fold.cutoff).sort("customer_id")
        given = replace(known, names=model.trees.names)
        found.append(Exam(fold.cutoff, given, customers, model))
    return tuple(found)
