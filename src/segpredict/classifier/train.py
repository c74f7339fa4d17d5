"""Train, test out of time, select a model, and fit it again on all complete data."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from segpredict.classifier.decisions.policy import (
    DecisionPolicy,
    fit_policy,
    summarize_policies,
)
from segpredict.classifier.decisions.rule import DecisionRule
from segpredict.classifier.evaluation.backtest import (
    BacktestInput,
    available_baselines,
    run_backtests,
    run_inner_backtests,
)
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.classifier.evaluation.decisions import evaluate_policies, reliability_and_capture
from segpredict.classifier.evaluation.results import Backtest, Evaluation
from segpredict.classifier.evaluation.scorecard import build_scorecard
from segpredict.classifier.evaluation.selection import (
    MIN_SELECTION_ORIGINS,
    evaluate_models,
    select_model,
)
from segpredict.classifier.history import backtest_covariates, histories_at_cutoffs, outcome_spend
from segpredict.classifier.models import ensemble, xgboost
from segpredict.classifier.models.baselines import BASELINES, Baseline
from segpredict.classifier.models.ensemble import EnsembleModel
from segpredict.classifier.models.xgboost import XgboostModel
from segpredict.classifier.panel import SegmentAssigner, build_panel
from segpredict.classifier.splits import Fold, Schedule, schedule_folds
from segpredict.classifier.training_data import (
    Forecaster,
    HistoryAtCutoff,
    TrainingData,
    sample_shop,
    training_data_of_fold,
)
from segpredict.config.classifier import ClassifierOptions, TimeOptions
from segpredict.core.panel import Panel
from segpredict.core.process import one_blas_thread
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.shop_dates import planned_notes
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.types import JSON, ProgressCallback
from segpredict.core.window import as_date
from segpredict.errors import SingleClassError


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The result of training."""

    selected_model: Forecaster  # fitted on every origin whose outcome is complete
    ensemble: EnsembleModel  # fitted in the same way, even if a baseline is selected
    evaluation: Evaluation  # how the model and the baselines did on the test windows
    panel: Panel  # the rows of all origins and of the production cutoff
    schedule: Schedule  # the cutoffs
    # mean revenue in the outcome window by segment, in code order, in currency
    segment_values: tuple[float, ...]
    backtests: tuple[Backtest, ...]  # the forecasts for each test window, and the outcomes
    # every metric of the comparison, one a row (`scorecard.SCORECARD_SCHEMA`)
    scorecard: pl.DataFrame
    # how the probabilities of the selected model become prediction sets and one segment
    policy: DecisionPolicy
    # reliability and capture of the selected model on the tests (`CURVES_SCHEMA`)
    curves: pl.DataFrame
    # the ensemble of each test, fitted on what was known on that day
    backtest_models: tuple[EnsembleModel, ...] = ()
    # the selected model, whichever it is, as it was on the day of the last test
    model_of_last_test: Forecaster | None = None
    # the forecasts of windows before the first test, and the outcomes
    inner_backtests: tuple[Backtest, ...] = ()
    # what was known of all customers on the day of each fold
    histories: Mapping[int, HistoryAtCutoff] = field(default_factory=dict)
    # what training and tests looked at: the shop, or a sample of its customers, and how many
    # customers of the shop each of these stands for
    transactions: Transactions | None = None
    customer_weight: float = 1.0

    @property
    def ensembles(self) -> dict[int, EnsembleModel]:
        """The ensembles of the tests and of production, by cutoff."""
        days = (*self.schedule.test_folds, self.schedule.production_fold)
        models = (*self.backtest_models, self.ensemble)
        return {fold.cutoff: model for fold, model in zip(days, models, strict=True)}


def train_classifier(
    transactions: Transactions,
    segmentation: SegmentAssigner,
    options: ClassifierOptions | None = None,
    time: TimeOptions | None = None,
    progress: ProgressCallback | None = None,
    further: Sequence[Baseline] = (),
) -> TrainingResult:
    """Return the selected model, with the evaluation that selected it.

    Parameters
    ----------
    transactions, segmentation
        The shop's lines; a frozen segmenter that saw nothing after the first test cutoff.
    options, time
        How to fit and evaluate; lengths, in days.
    progress
        Called with the next step and the share done, 0 to 1.
    further
        Forecasters from outside the package, evaluated with the baselines. They are
        never selected, since a run could not load them again.

    Raises
    ------
    TooShortHistoryError
        When the data are too short for one test.
    SingleClassError
        When all labels of a training set are the same.
    TooFewCustomersError
        When no customer is eligible at a test cutoff.
    MismatchError
        When the segmentation was fitted on a test outcome.

    Notes
    -----
    Each test is forecast by models trained only on origins that were complete by its cutoff. Which
    model is selected, how probabilities are used and how sets are made is learned from windows
    before; no test selects anything. The selected model is then fitted by the same procedure on all
    complete origins.
    """
    plan, settings = time or TimeOptions(), options or ClassifierOptions()
    report = progress or (lambda _what, _share: None)
    days = schedule_folds(transactions.first_day, transactions.end_day, plan)
    segmentation.require_fitted_before(days.test_folds[0].cutoff)
    report("building the panel", 0.0)
    transactions, weight, sampled = sample_shop(transactions, settings)
    rows = build_panel(transactions, segmentation, days.windows, settings.families)
    baselines, skipped = available_baselines(settings, rows, further)
    folds = _FoldData(transactions, segmentation, rows, days, settings)
    tested = _backtest(folds, baselines, report)
    report("comparing models", 0.75)
    known = _KnownBacktests((*tested.inner, *tested.backtests), plan.days_to_complete)
    name, backtests = tested.selected, tested.backtests
    segments = [segment.id for segment in segmentation.segments]
    planned = planned_notes(transactions.side_tables.dates, *days.production_windows)
    notes = (*sampled, *days.notes, *skipped, *tested.notes)
    warnings = (*notes, *days.history_warnings, *planned)
    evaluation = evaluate_models(backtests, name, tested.reason, segments, plan, settings, warnings)
    policies = [
        fit_policy(known.at(fold), name, folds.decision(fold), settings.alpha)
        for fold in folds.outer
    ]
    resampling = Resampling(settings.bootstrap_draws, settings.seed)
    scorecard = [
        build_scorecard(backtests, segments, resampling, name),
        evaluate_policies(backtests, policies[:-1], name, segments, resampling),
    ]
    report("fitting the selected model", 0.9)
    final = tested.final
    evaluation = replace(
        evaluation,
        policies=summarize_policies(folds.outer, policies),
        fit=ensemble.describe_fit(final, folds.training_data(days.production_fold)),
    )
    return TrainingResult(
        folds.fitted(name, final, days.production_fold),
        final,
        _with_fit_note(evaluation, final),
        rows,
        days,
        policies[-1].decision_rule.segment_values,
        backtests,
        pl.concat(scorecard),
        policies[-1],
        reliability_and_capture(backtests, name, segments),
        tested.models,
        folds.fitted(name, tested.models[-1], days.test_folds[-1]),
        tested.inner,
        folds.histories,
        transactions,
        weight,
    )


@dataclass(frozen=True, slots=True)
class _Tested:
    """All backtests, and the model that was selected before the first test."""

    inner: tuple[Backtest, ...]  # windows before the first test
    backtests: tuple[Backtest, ...]
    models: tuple[EnsembleModel, ...]  # the ensemble of each test
    final: EnsembleModel  # the one of the production fold
    selected: str
    reason: str
    notes: tuple[str, ...]


def _backtest(
    folds: "_FoldData", baselines: Sequence[Baseline], report: ProgressCallback
) -> _Tested:
    """Select a model by the windows before the tests, and backtest all models on the tests."""
    days, steps = folds.days, 2 + len(folds.days.test_folds)
    report("inner validation", 0.1)
    # A window with little history before it says little about a model, and selects none.
    split: list[list[BacktestInput]] = [[], []]
    for fold in days.inner_folds:
        split[len(fold.train_origins) >= MIN_SELECTION_ORIGINS] += folds.inner_input(fold)
    with one_blas_thread(), _workers(folds.options.threads) as workers:
        # The largest fit begins first, and the others run beside it.
        production = workers.submit(ensemble.fit, folds.training_data(days.production_fold))
        pending = run_inner_backtests(split[0], [], workers)
        proving = run_inner_backtests(split[1], baselines, workers)
        backtests, notes, models = run_backtests(
            [folds.backtest_input(fold) for fold in days.test_folds],
            baselines,
            workers,
            lambda i: report(
                f"testing {as_date(days.test_folds[i].cutoff)}", 0.1 + 0.65 * i / steps
            ),
        )
        # All fits are under way before any is waited for.
        early, selecting = tuple(pending), tuple(proving)
        final = production.result()
    name, reason = select_model(selecting, ensemble.NAME)
    if name not in backtests[0].probabilities:
        reason = (
            f"{ensemble.NAME} is selected: {name}, better before, could not be fitted for tests."
        )
        name = ensemble.NAME
    if name != ensemble.NAME:
        early = ()  # the forecasts of the selected model are not known there
    return _Tested((*early, *selecting), backtests, models, final, name, reason, notes)


@contextmanager
def _workers(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield workers; what they have not begun is dropped at the end, as after Ctrl-C."""
    workers = ThreadPoolExecutor(threads)
    try:
        yield workers
    finally:
        workers.shutdown(cancel_futures=True)


def _with_fit_note(evaluation: Evaluation, model: EnsembleModel) -> Evaluation:
    """Add the note on the season that the final fit uses, which no test knew."""
    if evaluation.selected != model.name or not model.note:
        return evaluation
    warnings = (*evaluation.warnings, model.note)
    return replace(evaluation, warnings=tuple(dict.fromkeys(warnings)))


@dataclass(frozen=True, slots=True)
class _KnownBacktests:
    """The forecasts of all windows, by the day on which their outcomes are known."""

    backtests: tuple[Backtest, ...]
    days_to_complete: int

    def at(self, fold: Fold) -> tuple[Backtest, ...]:
        """Return the backtests whose outcomes are complete on the day of a fold."""
        limit = fold.cutoff - self.days_to_complete
        return tuple(backtest for backtest in self.backtests if backtest.cutoff <= limit)


class _FoldData:
    """Builds the training data and the test of each fold."""

    def __init__(
        self,
        transactions: Transactions,
        segmentation: SegmentAssigner,
        rows: Panel,
        days: Schedule,
        options: ClassifierOptions,
    ) -> None:
        self.transactions, self.rows, self.days = transactions, rows, days
        self.options, self.classes = options, len(segmentation.segments)
        self.outer = (*days.test_folds, days.production_fold)
        self.histories = histories_at_cutoffs(transactions, segmentation, days, days.folds)
        self.spend = outcome_spend(transactions, rows.frame["cutoff"], days.time)
        self._known: dict[int, TrainingData] = {}

    def training_data(self, fold: Fold) -> TrainingData:
        """Return the training data that were complete on the day of a fold."""
        if fold.cutoff in self._known:
            return self._known[fold.cutoff]
        past, threads = self.histories[fold.cutoff], self.options.threads // len(self.days.folds)
        options = replace(self.options, threads=max(1, threads))  # the folds are fitted at once
        found = training_data_of_fold(self.rows, fold, self.classes, options, past)
        self._known[fold.cutoff] = found
        return found

    def backtest_input(self, fold: Fold) -> BacktestInput:
        """Return the test of a fold."""
        given = self.training_data(fold)
        customers = self.rows.at_cutoffs(fold.cutoff).sort("customer_id")
        return BacktestInput(
            fold.cutoff,
            given,
            customers,
            backtest_covariates(self.transactions, customers, self.histories[fold.cutoff]),
            mean_outcome_values(self.spend, given),
        )

    def inner_input(self, fold: Fold) -> list[BacktestInput]:
        """Return a window of the inner validation; nothing where it cannot be forecast."""
        customers = self.rows.at_cutoffs(fold.cutoff).sort("customer_id")
        with suppress(SingleClassError):
            if not customers.is_empty():
                return [BacktestInput(fold.cutoff, self.training_data(fold), customers)]
        return []

    def fitted(self, name: str, known: EnsembleModel, fold: Fold) -> Forecaster:
        """Return a model of a fold by its name: the ensemble, which is known, or a baseline."""
        return known if name == known.name else BASELINES.get(name).fit(self.training_data(fold))

    def decision(self, fold: Fold) -> DecisionRule:
        """Return the configured rule, with what is known on that day."""
        given = self.training_data(fold)
        mix = np.bincount(given.labels, minlength=self.classes) / len(given.labels)
        values = mean_outcome_values(self.spend, given)
        return DecisionRule(self.options.decision_rule, 0.0, tuple(mix.tolist()), values)


def mean_outcome_values(spent: pl.DataFrame, given: TrainingData) -> tuple[float, ...]:
    """Return the mean revenue in the outcome window, by segment in code order; inactive is zero."""
    means = dict(
        given.rows.filter(pl.col("label") != INACTIVE_CODE)
        .join(spent, on=["customer_id", "cutoff"], how="left")
        .group_by("label")
        .agg(pl.col("spend").fill_null(0).sum() / pl.len() / MONEY_SCALE)
        .iter_rows()
    )
    return tuple(float(means.get(code, 0.0)) for code in range(given.n_classes))


def load(state: JSON) -> Forecaster:
    """Return the forecaster that gave a state; its predictions are the same.

    Parameters
    ----------
    state
        What `Forecaster.to_state` returned, also after a round trip through JSON.

    Raises
    ------
    UnknownNameError
        When the state names a kind that is not there.

    Examples
    --------
    >>> from segpredict.classifier.models.baselines.prior import ClassPrior
    >>> load(ClassPrior((0.25, 0.75)).to_state())
    ClassPrior(class_mix=(0.25, 0.75), name='prior')
    """
    if state["kind"] == xgboost.NAME:
        return XgboostModel.from_state(state)
    if state["kind"] == ensemble.NAME:
        return EnsembleModel.from_state(state)
    return BASELINES.get(state["kind"]).from_state(state)
