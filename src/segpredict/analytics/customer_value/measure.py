"""Fit the customer value model, and backtest it out of time against naive methods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict import features
from segpredict.analytics.customer_value import lifetime_backtest, sum_backtest
from segpredict.analytics.customer_value.bgnbd_value import fit_purchase_model
from segpredict.analytics.customer_value.exposure import expected_segment_value, risk_and_upside
from segpredict.analytics.customer_value.periods import ValuePeriod
from segpredict.analytics.customer_value.seasonality import estimate_seasonality
from segpredict.analytics.customer_value.value_model import ValueModel
from segpredict.classifier import (
    Backtest,
    Fold,
    Schedule,
    SegmentAssigner,
    TrainingResult,
    histories_at_cutoffs,
)
from segpredict.classifier.history import outcome_spend
from segpredict.classifier.models.baselines import smoothed_transitions
from segpredict.classifier.training_data import HistoryAtCutoff, segment_codes
from segpredict.config.customer_value import CustomerValueOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.panel import Panel
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import DAYS_PER_YEAR, as_date

MARKOV_METHOD, BGNBD_METHOD = "markov", "bgnbd"
BASELINE_MODEL = "markov"  # the baseline whose revenue at risk is shown next to the model's
BY_SEGMENT, BY_SPEND, BY_CHANGE = "label", "spend", "change"


@dataclass(frozen=True)
class CustomerValueResult:
    """Customer values and their backtests."""

    value_model: ValueModel  # the value model on the day after the data
    # predicted and actual sums per backtest, decile and segment (`VALUE_SUMS_SCHEMA`)
    backtest_sums: pl.DataFrame
    # errors of lifetime values per customer, with naive methods (`VALUE_ERRORS_SCHEMA`)
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
    """Return customer values with their backtests.

    Parameters
    ----------
    transactions, segmentation
        The shop's lines, and the frozen segmenter of the training.
    training, options
        Backtest forecasts with actual labels, and the panel; the discount.
    draws, seed
        Resamples of customers behind each interval, and their start.

    Notes
    -----
    Every backtest uses only what was complete on its day. It covers all whole windows that the data
    hold after that day: the next one, the next two …, so the longest begins at the oldest backtest.
    """
    days = training.schedule
    plan = _Plan(days, (options or CustomerValueOptions()).discount_rate, seed)
    known = histories_at_cutoffs(transactions, segmentation, days)
    spent = _spent(transactions, training.panel, days)
    tests = [
        _backtest_case(backtest, _past_rows(spent, fold), known[fold.cutoff], plan)
        for fold, backtest in zip(days.test_folds, training.backtests, strict=True)
    ]
    name = training.evaluation.selected
    spans = [span for case in tests for span in _value_backtests(transactions, case, name, days)]
    by = {"draws": draws, "seed": seed}
    last = days.production_fold
    rows = _past_rows(spent, last)
    return CustomerValueResult(
        _value_model(rows, known[last.cutoff], training.segment_values, plan),
        sum_backtest.compare_sums(
            [_sum_backtest(case, name, spans) for case in tests],
            [segment.id for segment in segmentation.segments],
            **by,
        ),
        lifetime_backtest.value_errors(spans, **by),
    )


@dataclass(frozen=True)
class _BacktestCase:
    """A backtest with its value model and the customer history known on its day."""

    backtest: Backtest
    value_model: ValueModel
    known: pl.DataFrame
    mean_spend: float

    @property
    def window(self) -> str:
        return as_date(self.backtest.cutoff).isoformat()

    def fact(self, name: str) -> FloatArray:
        return self.known[name].cast(pl.Float64).fill_null(0.0).to_numpy()


@dataclass(frozen=True, slots=True)
class _Plan:
    """Settings that all valuations of a run share."""

    days: Schedule  # the folds of the backtests
    discount: float  # rate a year
    seed: int  # start of random draws


def _backtest_case(
    backtest: Backtest, rows: pl.DataFrame, history: HistoryAtCutoff, plan: _Plan
) -> _BacktestCase:
    known = pl.DataFrame({"customer_id": backtest.customers}).join(
        history.customer_histories, on="customer_id", how="left", maintain_order="left"
    )
    if backtest.covariates is not None:
        new_columns = [n for n in backtest.covariates.columns if n not in known.columns]
        known = known.hstack(backtest.covariates.select(new_columns))
    mean_spend = int(rows["spend"].sum()) / rows.height / MONEY_SCALE
    value_model = _value_model(rows, history, backtest.segment_values, plan)
    return _BacktestCase(backtest, value_model, known, mean_spend)


def _past_rows(spent: pl.DataFrame, fold: Fold) -> pl.DataFrame:
    """Return the labelled rows that were complete by the day of a fold."""
    return spent.filter(pl.col("cutoff").is_in(list(fold.train_origins)))


def _spent(transactions: Transactions, panel: Panel, days: Schedule) -> pl.DataFrame:
    """Return the labelled rows of the panel with what was spent in their outcome."""
    keys = ["customer_id", "cutoff"]
    rows = panel.frame.drop_nulls("label").select(*keys, "state_now", "label")
    spent = outcome_spend(transactions, rows["cutoff"], days.time)
    joined = rows.join(spent, on=keys, how="left", maintain_order="left")
    return joined.with_columns(pl.col("spend").fill_null(0)).sort("cutoff", "customer_id")


def _value_model(
    rows: pl.DataFrame, history: HistoryAtCutoff, values: tuple[float, ...], plan: _Plan
) -> ValueModel:
    """Return the value model of a day, fitted on outcomes complete by then."""
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


def _sum_backtest(
    case: _BacktestCase, name: str, spans: Sequence[lifetime_backtest.ValueBacktest]
) -> sum_backtest.SumBacktest:
    """Return all predictions of a backtest, in the order of the report."""
    backtest = case.backtest
    models = [n for n in dict.fromkeys((name, BASELINE_MODEL)) if n in backtest.probabilities]
    predictions = [each for model in models for each in _predicted_amounts(case, model)]
    all_customers = np.ones(len(backtest.states), dtype=bool)
    predictions += [
        sum_backtest.PredictedAmount(
            "clv", method, all_customers, span.predicted[method], {BY_SPEND: span.actual}, n
        )
        for span in spans
        if span.window == case.window
        for method in (MARKOV_METHOD, BGNBD_METHOD)
        if method in span.predicted and (n := span.windows)
    ]
    return sum_backtest.SumBacktest(
        case.window, backtest.customers, backtest.states, tuple(predictions)
    )


def _predicted_amounts(case: _BacktestCase, name: str) -> list[sum_backtest.PredictedAmount]:
    """Return predicted and actual loss, gain and spend of one model.

    Counted by label, a fall from z to y costs μ_z − μ_y; by spend, μ_z less what was really spent;
    by change, the spend of the window before less the actual: what the shop sees in its accounts.
    """
    backtest = case.backtest
    values = case.value_model.segment_values_at(backtest.cutoff)
    own, next_value = np.array(values)[backtest.states], np.array(values)[backtest.labels]
    spend, before = case.fact("spend_next"), case.fact("spend_now")
    fell, rose = backtest.labels < backtest.states, backtest.labels > backtest.states
    risk, upside = risk_and_upside(backtest.probabilities[name], backtest.states, values)
    lost = np.maximum(own - next_value, 0.0) * fell
    gained = np.maximum(next_value - own, 0.0) * rose
    by_label = (lost, gained)
    by_spend = ((own - spend) * fell, (spend - own) * rose)
    by_change = ((before - spend) * fell, (spend - before) * rose)
    of_risk, of_upside = (
        dict(zip((BY_SEGMENT, BY_SPEND, BY_CHANGE), actual, strict=True))
        for actual in zip(by_label, by_spend, by_change, strict=True)
    )
    expected = expected_segment_value(backtest.probabilities[name], values)
    can_rise, everyone = backtest.states < len(values) - 1, np.ones(len(spend), dtype=bool)
    amount, of_value = sum_backtest.PredictedAmount, {BY_SEGMENT: next_value, BY_SPEND: spend}
    return [
        amount("value_at_risk", name, backtest.states > 0, risk, of_risk),
        amount("upside", name, can_rise, upside, of_upside),
        amount("expected_value", name, everyone, expected, of_value),
    ]


def _value_backtests(
    transactions: Transactions, case: _BacktestCase, name: str, days: Schedule
) -> list[lifetime_backtest.ValueBacktest]:
    """Return the predictions for all whole windows that the data hold after a backtest."""
    time, cutoff = days.time, case.backtest.cutoff
    count = (days.end_day - time.settlement - cutoff - time.gap) // time.horizon
    ahead = case.value_model.future_periods(count * time.horizon)
    each = _actual_spend(transactions, case.backtest, ahead)
    return [
        lifetime_backtest.ValueBacktest(
            case.window,
            n,
            n * time.horizon,
            case.backtest.customers,
            _predicted_values(case, name, ahead[:n], days),
            np.sum(each[:n], axis=0),
        )
        for n in range(1, count + 1)
    ]


def _actual_spend(
    transactions: Transactions, backtest: Backtest, ahead: Sequence[ValuePeriod]
) -> list[FloatArray]:
    """Return the discounted actual spend of each customer by window."""
    spans = [(backtest.cutoff + a.start, backtest.cutoff + a.end) for a in ahead]
    spent = features.clustering_inputs(transactions, spans)
    customers = pl.DataFrame({"customer_id": backtest.customers})
    found = []
    for window, (_, end) in zip(ahead, spans, strict=True):
        paid = customers.join(
            spent.filter(end=end), on="customer_id", how="left", maintain_order="left"
        )
        amounts = paid["spend"].fill_null(0).to_numpy()
        found.append(window.discount_factor / MONEY_SCALE * amounts)
    return found


def _predicted_values(
    case: _BacktestCase, name: str, ahead: Sequence[ValuePeriod], days: Schedule
) -> dict[str, FloatArray]:
    """Return values by method: both models, and three naive methods."""
    backtest, value_model = case.backtest, case.value_model
    markov = value_model.markov_values(backtest.probabilities[name], backtest.cutoff, ahead)
    predicted = {MARKOV_METHOD: markov}
    if value_model.purchase_model is not None:
        bgnbd = value_model.purchase_model.expected_value(case.known, ahead)
        predicted |= {BGNBD_METHOD: bgnbd} if np.isfinite(bgnbd).all() else {}
    counted = sum(a.discount_factor for a in ahead)
    time = days.time
    observed = min(DAYS_PER_YEAR, backtest.cutoff - days.first_day)
    pace = case.fact("spend_364") * (time.horizon / observed)
    return predicted | {
        lifetime_backtest.REFERENCE_METHOD: pace * counted,
        "last_window": case.fact("spend_now") * counted,
        "mean": np.full(len(markov), case.mean_spend * counted),
    }
