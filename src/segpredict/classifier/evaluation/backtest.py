"""Backtest the model and every baseline on the same customers, out of time.

Backtests of a run can be repeated: its customers, its training data and its model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace

import polars as pl

from segpredict.classifier.evaluation.results import Backtest
from segpredict.classifier.history import histories_at_cutoffs
from segpredict.classifier.models import ensemble
from segpredict.classifier.models.baselines import BASELINES, Baseline
from segpredict.classifier.models.ensemble import EnsembleModel
from segpredict.classifier.panel import SegmentAssigner, build_panel
from segpredict.classifier.splits import schedule_folds
from segpredict.classifier.training_data import (
    Forecaster,
    TrainingData,
    sample_shop,
    training_data_of_fold,
)
from segpredict.config.classifier import ClassifierOptions, TimeOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.panel import Panel
from segpredict.core.transactions import Transactions
from segpredict.core.window import as_date
from segpredict.errors import SupportError, TooFewCustomersError


@dataclass(frozen=True, slots=True)
class BacktestInput:
    """The input of one test: training data, customers and their covariates."""

    cutoff: int  # the day T*
    training_data: TrainingData  # labelled rows of origins that were complete by then
    customers: pl.DataFrame  # the rows to forecast, sorted by customer
    # `history.COVARIATES`, in the order of `customers`; ``None`` in inner validation
    covariates: pl.DataFrame | None = None
    # mean spend in the outcome window by segment, from the training rows
    segment_values: tuple[float, ...] = ()


def available_baselines(
    options: ClassifierOptions, rows: Panel, further: Sequence[Baseline] = ()
) -> tuple[list[Baseline], tuple[str, ...]]:
    """Return the baselines that can be fitted, and why others cannot."""
    usual = [p for p in BASELINES.all_parts() if p.is_usual or options.thorough]
    wanted = [*([BASELINES.get(name) for name in options.baselines] or usual), *further]
    lacking = {
        p.name: [n for n in p.required_columns if n not in rows.feature_names] for p in wanted
    }
    notes = [
        f"The baseline {name} was left out: no feature {', '.join(needs)}."
        for name, needs in lacking.items()
        if needs
    ]
    return [part for part in wanted if not lacking[part.name]], tuple(notes)


def run_backtests(
    inputs: Sequence[BacktestInput],
    baselines: Sequence[Baseline],
    workers: Executor,
    progress: Callable[[int], None] = lambda _place: None,
) -> tuple[tuple[Backtest, ...], tuple[str, ...], tuple[EnsembleModel, ...]]:
    """Return one backtest per input, notes for the reader, and the model of each.

    The workers fit several tests at a time. A baseline that the data cannot support in one of the
    tests is left out of all. `progress` is called with each input's place, in their order.
    """
    backtests, failed, notes = [], dict[str, str](), list[str]()
    models: list[EnsembleModel] = []
    pending = workers.map(lambda test: _run_backtest(test, baselines), inputs)
    for place in range(len(inputs)):
        progress(place)
        backtest, model, without = next(pending)
        backtests.append(backtest)
        models.append(model)
        notes += filter(None, [model.note])
        failed |= {name: why for name, why in without.items() if name not in failed}
    kept = [{n: p for n, p in t.probabilities.items() if n not in failed} for t in backtests]
    pairs = zip(backtests, kept, strict=True)
    complete = tuple(replace(test, probabilities=given) for test, given in pairs)
    return complete, (*failed.values(), *notes), tuple(models)


def _run_backtest(
    test: BacktestInput, baselines: Sequence[Baseline]
) -> tuple[Backtest, EnsembleModel, dict[str, str]]:
    """Return the backtest with its model, and why baselines could not be fitted."""
    if test.customers.is_empty():
        raise TooFewCustomersError(f"The test of {as_date(test.cutoff)}", 0, 1)
    model, failed = ensemble.fit(test.training_data), dict[str, str]()
    # The baseline has no season, also where the model has one.
    bought = model.pool.purchase_model
    known = {} if bought is None else {bought.name: replace(bought, seasonal_index=None)}
    probabilities = {model.name: model.predict_proba(test.customers)}
    probabilities |= _baselines(test, baselines, known, failed)
    covariates, values = test.covariates, test.segment_values
    found = Backtest.of_customers(test.cutoff, test.customers, probabilities, covariates, values)
    return found, model, failed


def run_inner_backtests(
    inputs: Sequence[BacktestInput], baselines: Sequence[Baseline], workers: Executor
) -> Iterator[Backtest]:
    """Begin the backtests of the inner validation; yield those that can be forecast, in order."""

    def attempt(test: BacktestInput) -> Backtest | None:
        with suppress(SupportError):
            return _run_backtest(test, baselines)[0]
        return None

    return filter(None, workers.map(attempt, inputs))


def _baselines(
    inputs: BacktestInput,
    able: Sequence[Baseline],
    known: Mapping[str, Forecaster],
    failed: dict[str, str],
) -> Mapping[str, FloatArray]:
    probabilities = {}
    for part in able:
        try:
            forecaster = known.get(part.name) or part.fit(inputs.training_data)
        except SupportError as error:
            failed[part.name] = f"The baseline {part.name} was left out: {error.message}"
            continue
        probabilities[part.name] = forecaster.predict_proba(inputs.customers)
    return probabilities


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
    transactions = sample_shop(transactions, options)[0]
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
