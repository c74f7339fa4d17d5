"""Learn what customers are worth, and test it out of time beside plain guesses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict import features
from segpredict.analytics.customer_value.bgnbd_value import fit_purchase_model
from segpredict.analytics.customer_value.exposure import expected_segment_value, risk_and_upside
from segpredict.analytics.customer_value.lifetime_backtest import (
    REFERENCE_METHOD,
    ValueBacktest,
    value_errors,
)
from segpredict.analytics.customer_value.periods import ValuePeriod
from segpredict.analytics.customer_value.seasonality import estimate_seasonality
from segpredict.analytics.customer_value.sum_backtest import (
    PredictedAmount,
    SumBacktest,
    compare_sums,
)
from segpredict.analytics.customer_value.value_model import ValueModel
from segpredict.classifier import (
    Backtest,
    Fold,
    Schedule,
    SegmentAssigner,
    TrainingResult,
    histories_at_cutoffs,
)
from segpredict.classifier.models.baselines import smoothed_transitions
from segpredict.classifier.training_data import HistoryAtCutoff, segment_codes
from segpredict.config.customer_value import CustomerValueOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.panel import Panel
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import DAYS_PER_YEAR, as_date

MARKOV_METHOD, BGNBD_METHOD = "markov", "bgnbd"
BASELINE_MODEL = "markov"  # the baseline whose revenue at risk stands beside the forecaster's
BY_SEGMENT, BY_SPEND, BY_CHANGE = "label", "spend", "change"


@dataclass(frozen=True)
class CustomerValueResult:
    """What customers are worth, and how far that can be trusted.

    Parameters
    ----------
    value_model
        Values customers on the day after the data.
    backtest_sums
        Predicted and realised sums per test, tenth and segment (`sums.VALUE_SUMS_SCHEMA`).
    backtest_errors
        Errors of lifetime values per customer, beside plain guesses
        (`lifetimes.VALUE_ERRORS_SCHEMA`).
    """

    value_model: ValueModel
    backtest_sums: pl.DataFrame
    backtest_errors: pl.DataFrame


def measure_customer_value(
    transactions: Transactions,
    segmentation: SegmentAssigner,
    training: TrainingResult,
    options: CustomerValueOptions | None = None,
    *,
    draws: int = 1000,
    seed: int = 7,
) -> CustomerValueResult:
    """Return what customers are worth, with the back-test.

    Parameters
    ----------
    transactions
        The shop's lines.
    segmentation
        The frozen segmenter of the training.
    training
        Forecasts of the tests and what came, and the panel.
    options
        The discount.
    draws, seed
        Resamples of customers behind each interval, and their start.

    Notes
    -----
    Every test is valued by what had been complete by its day. From each test on, all
    whole windows that the data still hold are asked for: the next one, the next two …
    so that the longest begins at the oldest test.
    """
    days = training.schedule
    plan = _Plan(days, (options or CustomerValueOptions()).discount_rate, seed)
    known = histories_at_cutoffs(transactions, segmentation, days)
    spent = _spent(transactions, training.panel, days)
    tests = [
        _asked(trial, _past_rows(spent, fold), known[fold.cutoff], plan)
        for fold, trial in zip(days.test_folds, training.backtests, strict=True)
    ]
    name = training.evaluation.selected
    spans = [span for asked in tests for span in _spans(transactions, asked, name, days)]
    by = {"draws": draws, "seed": seed}
    last = days.production_fold
    rows = _past_rows(spent, last)
    return CustomerValueResult(
        _valuer(rows, known[last.cutoff], training.segment_values, plan),
        compare_sums(
            [_account(asked, name, spans) for asked in tests],
            [segment.id for segment in segmentation.segments],
            **by,
        ),
        value_errors(spans, **by),
    )


@dataclass(frozen=True)
class _Asked:
    """A test, what values its customers, and what was known of them on the day."""

    trial: Backtest
    valuer: ValueModel
    known: pl.DataFrame
    usual: float

    @property
    def window(self) -> str:
        return as_date(self.trial.cutoff).isoformat()

    def fact(self, name: str) -> FloatArray:
        facts = self.known[name].cast(pl.Float64).fill_null(0.0)
        return facts.to_numpy()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every valuation of a run shares.

    Parameters
    ----------
    days
        The tests, and what each may learn from.
    discount
        Rate a year.
    seed
        Start of random draws.
    """

    days: Schedule
    discount: float
    seed: int


def _asked(backtest: Backtest, rows: pl.DataFrame, history: HistoryAtCutoff, plan: _Plan) -> _Asked:
    known = pl.DataFrame({"customer_id": backtest.customers}).join(
        history.customer_histories, on="customer_id", how="left", maintain_order="left"
    )
    if backtest.covariates is not None:
        fresh = [n for n in backtest.covariates.columns if n not in known.columns]
        known = known.hstack(backtest.covariates.select(fresh))
    usual = int(rows["spend"].sum()) / rows.height / MONEY_SCALE
    return _Asked(backtest, _valuer(rows, history, backtest.segment_values, plan), known, usual)


def _past_rows(spent: pl.DataFrame, fold: Fold) -> pl.DataFrame:
    """Return the labelled rows that were complete by the day of a fold."""
    return spent.filter(pl.col("cutoff").is_in(list(fold.train_origins)))


def _spent(transactions: Transactions, panel: Panel, days: Schedule) -> pl.DataFrame:
    """Return the labelled rows of the panel with what was spent in their outcome."""
    time = days.time
    rows = panel.frame.filter(pl.col("label").is_not_null()).select(
        "customer_id", "cutoff", "state_now", "label"
    )
    cutoffs = rows["cutoff"].unique().sort().to_list()
    spans = [(day + time.gap, day + time.days_to_outcome) for day in cutoffs]
    spent = features.clustering_inputs(transactions, spans).select(
        "customer_id", "spend", cutoff=(pl.col("end") - time.days_to_outcome).cast(pl.Int32)
    )
    keys = ["customer_id", "cutoff"]
    joined = rows.join(spent, on=keys, how="left", maintain_order="left")
    return joined.with_columns(pl.col("spend").fill_null(0)).sort("cutoff", "customer_id")


def _valuer(
    rows: pl.DataFrame, history: HistoryAtCutoff, values: tuple[float, ...], plan: _Plan
) -> ValueModel:
    """Return what values customers on a day, learned from what was complete by then."""
    time = plan.days.time
    moves = smoothed_transitions(
        segment_codes(rows, "state_now"), segment_codes(rows, "label"), len(values)
    )
    return ValueModel(
        values,
        tuple(map(tuple, moves.tolist())),
        estimate_seasonality(rows, history.cutoff, time.horizon, time.days_to_complete, plan.seed),
        fit_purchase_model(history.customer_histories),
        time.horizon,
        time.gap,
        plan.discount,
    )


def _account(asked: _Asked, name: str, spans: Sequence[ValueBacktest]) -> SumBacktest:
    """Return all that was claimed in a test, in the order in which it is told."""
    trial = asked.trial
    claims = [
        claim
        for who in dict.fromkeys((name, BASELINE_MODEL))
        if who in trial.probabilities
        for claim in _exposed(asked, who)
    ]
    everybody = np.ones(len(trial.states), dtype=bool)
    claims += [
        PredictedAmount(
            "clv", method, everybody, span.predicted[method], {BY_SPEND: span.actual}, n
        )
        for span in spans
        if span.window == asked.window
        for method in (MARKOV_METHOD, BGNBD_METHOD)
        if method in span.predicted and (n := span.windows)
    ]
    return SumBacktest(asked.window, trial.customers, trial.states, tuple(claims))


def _exposed(asked: _Asked, name: str) -> list[PredictedAmount]:
    """Return what a forecaster said of loss, gain and spend, and what came.

    Notes
    -----
    Counted by label, a customer who fell from z to y cost μ_z − μ_y: sums agree
    wherever the probabilities are right. Counted by spend it is μ_z less what the
    customer really spent, for which μ must be right, too. Counted by change it is what
    the customer spent in the window before less what came then: what the shop sees in
    its books, and not what is claimed.
    """
    trial = asked.trial
    values = asked.valuer.segment_values_at(trial.cutoff)
    own, worth = np.array(values)[trial.states], np.array(values)[trial.labels]
    spend, before = asked.fact("spend_next"), asked.fact("spend_now")
    fell, rose = trial.labels < trial.states, trial.labels > trial.states
    risk, upside = risk_and_upside(trial.probabilities[name], trial.states, values)
    lost = np.maximum(own - worth, 0.0) * fell
    gained = np.maximum(worth - own, 0.0) * rose
    top = len(values) - 1
    return [
        PredictedAmount(
            "value_at_risk",
            name,
            trial.states > 0,
            risk,
            {BY_SEGMENT: lost, BY_SPEND: (own - spend) * fell, BY_CHANGE: (before - spend) * fell},
        ),
        PredictedAmount(
            "upside",
            name,
            trial.states < top,
            upside,
            {
                BY_SEGMENT: gained,
                BY_SPEND: (spend - own) * rose,
                BY_CHANGE: (spend - before) * rose,
            },
        ),
        PredictedAmount(
            "expected_value",
            name,
            np.ones(len(spend), dtype=bool),
            expected_segment_value(trial.probabilities[name], values),
            {BY_SEGMENT: worth, BY_SPEND: spend},
        ),
    ]


def _spans(
    transactions: Transactions, asked: _Asked, name: str, days: Schedule
) -> list[ValueBacktest]:
    """Return what was said of all whole windows that the data hold after a test."""
    time, cutoff = days.time, asked.trial.cutoff
    count = (days.end_day - time.settlement - cutoff - time.gap) // time.horizon
    ahead = asked.valuer.future_periods(count * time.horizon)
    each = _came(transactions, asked.trial, ahead)
    return [
        ValueBacktest(
            asked.window,
            n,
            n * time.horizon,
            asked.trial.customers,
            _said(asked, name, ahead[:n], days),
            np.sum(each[:n], axis=0),
        )
        for n in range(1, count + 1)
    ]


def _came(
    transactions: Transactions, backtest: Backtest, ahead: Sequence[ValuePeriod]
) -> list[FloatArray]:
    """Return what each customer spent in each window, as it counts on the day."""
    spans = [(backtest.cutoff + a.start, backtest.cutoff + a.end) for a in ahead]
    spent = features.clustering_inputs(transactions, spans)
    asked = pl.DataFrame({"customer_id": backtest.customers})
    return [
        a.discount_factor
        / MONEY_SCALE
        * asked.join(
            spent.filter(pl.col("end") == end),
            on="customer_id",
            how="left",
            maintain_order="left",
        )["spend"]
        .fill_null(0)
        .to_numpy()
        for a, (_, end) in zip(ahead, spans, strict=True)
    ]


def _said(
    asked: _Asked, name: str, ahead: Sequence[ValuePeriod], days: Schedule
) -> dict[str, FloatArray]:
    """Return worth by method: both models, and three guesses that need none."""
    trial, valuer = asked.trial, asked.valuer
    chained = valuer.markov_values(trial.probabilities[name], trial.cutoff, ahead)
    said = {MARKOV_METHOD: chained}
    if valuer.purchase_model is not None:
        bought = valuer.purchase_model.expected_value(asked.known, ahead)
        said |= {BGNBD_METHOD: bought} if np.isfinite(bought).all() else {}
    counted = sum(a.discount_factor for a in ahead)
    time = days.time
    observed = min(DAYS_PER_YEAR, trial.cutoff - days.first_day)
    pace = asked.fact("spend_364") * (time.horizon / observed)
    return said | {
        REFERENCE_METHOD: pace * counted,
        "last_window": asked.fact("spend_now") * counted,
        "mean": np.full(len(chained), asked.usual * counted),
    }
