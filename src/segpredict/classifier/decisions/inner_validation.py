"""Inner validation: forecast the newest training origins of a fold, as on their own day.

Calibration, sets and rules are learned from forecasts made before their outcome was known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.classifier.evaluation.results import Backtest
from segpredict.classifier.splits import Fold, split
from segpredict.classifier.training_data import Forecaster, TrainingData

INNER_ORIGINS = 3  # origins validated before one test, at most
FitFunction = Callable[[TrainingData], Forecaster]


@dataclass(frozen=True, slots=True)
class InnerFold:
    """Origins to forecast, and the fold with their training origins."""

    fold: Fold  # its cutoff is the first of the origins
    test_origins: tuple[int, ...]  # the origins, oldest first


def inner_folds(fold: Fold, complete: int) -> tuple[InnerFold, ...]:
    """Return the inner folds of a test, oldest first.

    >>> test = Fold(500, (100, 150, 200, 250, 300, 350, 400), (), ())
    >>> [(each.fold.train_origins, each.test_origins) for each in inner_folds(test, 150)]
    [((100,), (250,)), ((100, 150), (300, 350, 400))]
    """
    if not fold.train_origins:
        return ()
    newest = fold.train_origins[-1]
    late = fold.train_origins[-INNER_ORIGINS:]
    early = [o for o in fold.train_origins if o + complete <= newest and o not in late]
    found = []
    for origins in (tuple(early[-1:]), late):
        # Where the first of them has no training origin, later ones may have one.
        able = [o for o in origins if o - complete >= fold.train_origins[0]]
        if able:
            known = tuple(o for o in fold.train_origins if o + complete <= able[0])
            found.append(InnerFold(split(able[0], known, complete), tuple(able)))
    return tuple(found)


def inner_backtests(
    training_data: TrainingData, rows: pl.DataFrame, cutoffs: Sequence[int], fit: FitFunction
) -> tuple[Backtest, ...]:
    """Return the forecasts of a model at each origin, and the outcomes."""
    forecaster = fit(training_data)
    backtests = []
    for cutoff in cutoffs:
        customers = rows.filter(pl.col("cutoff") == cutoff).sort("customer_id")
        if not customers.is_empty():
            probabilities = {forecaster.name: forecaster.predict_proba(customers)}
            backtests.append(Backtest.of_customers(cutoff, customers, probabilities))
    return tuple(backtests)
