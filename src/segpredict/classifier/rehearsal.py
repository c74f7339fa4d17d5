"""Rehearse a test before it: forecast older origins as on their own day.

What is done with probabilities (calibration, sets, the rule that decides) must be
learned from forecasts whose outcome was not known when they were made. The newest
origins of a fold's training are such a stage: a forecaster fitted on those that were
complete by then is asked there, and the answer is known by the day of the test.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from segpredict.classifier.lesson import Forecaster, Lesson, codes
from segpredict.classifier.origins import VALIDATION, Fold
from segpredict.classifier.verdict import Trial

ORIGINS = 3  # rehearsals of one test, at most
Fit = Callable[[Lesson], Forecaster]


def stages(fold: Fold, complete: int) -> tuple[Fold, ...]:
    """Return the folds on which a test is rehearsed, oldest first.

    Parameters
    ----------
    fold
        The test.
    complete
        Days from a cutoff until its outcome is known for good.

    Returns
    -------
    tuple
        The newest training origins of the test, at most `ORIGINS`, each with the
        origins that were complete on its own day; none where history is too short.

    Examples
    --------
    >>> test = Fold(400, (100, 150, 200, 250, 300), (), ())
    >>> [(stage.cutoff, stage.training) for stage in stages(test, 100)]
    [(200, (100,)), (250, (100, 150)), (300, (100, 150, 200))]
    """
    found = []
    for day in fold.training[-ORIGINS:]:
        known = tuple(o for o in fold.training if o + complete <= day)
        if known:
            found.append(_split(day, known, complete))
    return tuple(found)


def _split(cutoff: int, training: tuple[int, ...], complete: int) -> Fold:
    for count in range(VALIDATION, 0, -1):
        validation = training[-count:]
        fitting = tuple(o for o in training if o + complete <= validation[0])
        if fitting:
            return Fold(cutoff, training, fitting, validation)
    return Fold(cutoff, training, (), ())


def rehearse(
    lessons: Sequence[Lesson], audiences: Sequence[pl.DataFrame], fit: Fit
) -> tuple[Trial, ...]:
    """Return what a forecaster would have said at each stage, and what happened.

    Parameters
    ----------
    lessons
        What could be learned by the day of each stage.
    audiences
        The labelled rows to forecast, one frame a stage.
    fit
        Returns a forecaster of a lesson.
    """
    trials = []
    for lesson, rows in zip(lessons, audiences, strict=True):
        asked = rows.sort("customer_id")
        forecaster = fit(lesson)
        trials.append(
            Trial(
                int(asked["cutoff"][0]),
                asked["customer_id"].to_numpy().astype(np.str_),
                codes(asked, "state_now"),
                codes(asked, "label"),
                {forecaster.name: forecaster.predict(asked)},
            )
        )
    return tuple(trials)
