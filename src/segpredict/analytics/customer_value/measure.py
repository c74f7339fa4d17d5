"""Fit the customer value model, and backtest it out of time against other methods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict import features
from segpredict.analytics.customer_value import lifetime_backtest, sum_backtest
from segpredict.analytics.customer_value.base_value import base_values
from segpredict.analytics.customer_value.bgnbd_value import PurchaseModel, fit_purchase_model
from segpredict.analytics.customer_value.periods import ValuePeriod
from segpredict.analytics.customer_value.seasonality import SpendSeasonality, fit_seasonality
from segpredict.analytics.customer_value.spend_interval import SpendInterval, fit_spend_interval
from segpredict.analytics.customer_value.spend_model import (
    SpendForecast,
    SpendModel,
    fit_spend_model,
)
from segpredict.analytics.customer_value.value_model import ValueModel
from segpredict.classifier import (
    Backtest,
    EnsembleModel,
    Fold,
    Schedule,
    SegmentAssigner,
    TrainingResult,
)
from segpredict.classifier.history import outcome_spend
from segpredict.classifier.training_data import HistoryAtCutoff, segment_codes
from segpredict.config.customer_value import CustomerValueOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.panel import Panel
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import DAYS_PER_YEAR, as_date

FORECAST_METHOD, BGNBD_METHOD = "forecast", "bgnbd"


@dataclass(frozen=True)
class CustomerValueResult:
    """Customer values and their backtests.

    Parameters
    ----------
    value_model
        The value model on the day after the data.
    model_of_last_test
        The value model on the day of the last test.
    backtest_sums
        Predicted and actual sums per backtest, decile and segment (`VALUE_SUMS_SCHEMA`).
    backtest_errors
        Errors per customer, with those of other methods (`VALUE_ERRORS_SCHEMA`).
    """

    value_model: ValueModel
    model_of_last_test: ValueModel
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
    days, rate = training.schedule, (options or CustomerValueOptions()).discount_rate
    rows = _value_rows(transactions, training.panel, days)
    known, ensembles = training.histories, training.ensembles
    classes, name = len(segmentation.segments), training.evaluation.selected
    spend_models = {fold.cutoff: _spend_model(rows, fold, classes, days) for fold in days.folds}
    tested = [
        _Tested.of_backtest(backtest, name, rows, *spend_models[backtest.cutoff])
        for backtest in (*training.inner_backtests, *training.backtests)
    ]
    models = {
        fold.cutoff: ValueModel(
            *spend_models[fold.cutoff],
            _interval(tested, fold.cutoff - days.time.days_to_complete),
            _purchase_model(ensembles[fold.cutoff], known[fold.cutoff]),
            days.time.horizon,
            days.time.gap,
            rate,
        )
        for fold in (*days.test_folds, days.production_fold)
    }
    cases = [
        _BacktestCase(each, models[each.cutoff], _covariates(each.backtest, known[each.cutoff]))
        for each in tested[len(training.inner_backtests) :]
    ]
    means = {
        fold.cutoff: float(_past_rows(rows, fold)["spend"].mean())  # type: ignore[arg-type]
        for fold in days.test_folds
    }
    spans = [span for case in cases for span in _value_backtests(transactions, case, means, days)]
    by = {"draws": draws, "seed": seed}
    ids = [segment.id for segment in segmentation.segments]
    errors = lifetime_backtest.value_errors(spans, **by)
    return CustomerValueResult(
        models[days.production_fold.cutoff],
        models[days.test_folds[-1].cutoff],
        sum_backtest.compare_sums([_sum_backtest(case, name, spans) for case in cases], ids, **by),
        pl.concat([errors, _coverage(cases, days)]),
    )


def _purchase_model(ensemble: EnsembleModel, history: HistoryAtCutoff) -> PurchaseModel | None:
    """Return BG/NBD and Gamma-Gamma as the ensemble has them; fitted where it has none."""
    bought = ensemble.pool.purchase_model
    if bought is None:
        return fit_purchase_model(history.customer_histories)
    return PurchaseModel(bought.order_model, bought.spend_model)


def _value_rows(transactions: Transactions, panel: Panel, days: Schedule) -> pl.DataFrame:
    """Return the rows of the panel with base value and actual spend, in currency."""
    keys = ["customer_id", "cutoff"]
    rows = panel.frame.select(*keys, "label")
    spent = outcome_spend(transactions, rows["cutoff"], days.time)
    for table in (base_values(transactions, days.windows), spent):
        rows = rows.join(table, on=keys, how="left", maintain_order="left")
    return rows.with_columns(
        pl.col("base_value").fill_null(0.0), pl.col("spend").fill_null(0) / MONEY_SCALE
    ).sort("cutoff", "customer_id")


def _past_rows(rows: pl.DataFrame, fold: Fold) -> pl.DataFrame:
    """Return the labelled rows that were complete by the day of a fold."""
    is_past = pl.col("cutoff").is_in(list(fold.train_origins))
    return rows.filter(is_past & pl.col("label").is_not_null())


def _spend_model(
    rows: pl.DataFrame, fold: Fold, classes: int, days: Schedule
) -> tuple[SpendModel, SpendSeasonality]:
    """Return the spend model of a day, and the season that is left in its past windows."""
    past = _past_rows(rows, fold)
    base, spend = past["base_value"].to_numpy(), past["spend"].to_numpy()
    labels = segment_codes(past, "label")
    model = fit_spend_model(base, spend, labels, classes)
    expected = model.forecast(base, np.eye(classes)[labels]).expected
    cutoffs = past["cutoff"].to_numpy()
    return model, fit_seasonality(days.time.horizon, cutoffs, spend, expected)


@dataclass(frozen=True)
class _Tested:
    """The expected spend of a backtest, by the model of its day, and the actual spend."""

    backtest: Backtest
    forecast: SpendForecast
    base: FloatArray
    spend: FloatArray

    @classmethod
    def of_backtest(
        cls,
        backtest: Backtest,
        name: str,
        rows: pl.DataFrame,
        model: SpendModel,
        seasonality: SpendSeasonality,
    ) -> "_Tested":
        own = pl.DataFrame({"customer_id": backtest.customers}).join(
            rows.filter(cutoff=backtest.cutoff),
            on="customer_id",
            how="left",
            maintain_order="left",
        )
        base = own["base_value"].to_numpy()
        season = seasonality.factor_at(backtest.cutoff)
        forecast = model.forecast(base, backtest.probabilities[name], season)
        return cls(backtest, forecast, base, own["spend"].to_numpy())

    @property
    def cutoff(self) -> int:
        return self.backtest.cutoff

    @property
    def window(self) -> str:
        return as_date(self.backtest.cutoff).isoformat()


def _interval(tested: Sequence[_Tested], until: int) -> SpendInterval | None:
    """Return the interval by the backtests whose outcomes were complete on a day."""
    known = [each for each in tested if each.cutoff <= until]
    if not known:
        return None
    expected = np.concatenate([each.forecast.expected for each in known])
    return fit_spend_interval(expected, np.concatenate([each.spend for each in known]))


@dataclass(frozen=True)
class _BacktestCase:
    """A backtest with its value model and the customer history known on its day."""

    tested: _Tested
    value_model: ValueModel
    known: pl.DataFrame

    def fact(self, name: str) -> FloatArray:
        return self.known[name].cast(pl.Float64).fill_null(0.0).to_numpy()


def _covariates(backtest: Backtest, history: HistoryAtCutoff) -> pl.DataFrame:
    known = pl.DataFrame({"customer_id": backtest.customers}).join(
        history.customer_histories, on="customer_id", how="left", maintain_order="left"
    )
    if backtest.covariates is None:
        return known
    new_columns = [n for n in backtest.covariates.columns if n not in known.columns]
    return known.hstack(backtest.covariates.select(new_columns))


def _sum_backtest(
    case: _BacktestCase, name: str, spans: Sequence[lifetime_backtest.ValueBacktest]
) -> sum_backtest.SumBacktest:
    """Return all predictions of a backtest, in the order of the report."""
    tested, backtest = case.tested, case.tested.backtest
    forecast, base, spend = tested.forecast, tested.base, tested.spend
    amount = sum_backtest.PredictedAmount
    predictions = [
        amount("value_at_risk", name, forecast.risk, np.maximum(base - spend, 0.0)),
        amount("upside", name, forecast.upside, np.maximum(spend - base, 0.0)),
        amount("expected_value", name, forecast.expected, spend),
    ]
    predictions += [
        amount("clv", method, span.predicted[method], span.actual, span.windows)
        for span in spans
        if span.window == tested.window
        for method in (FORECAST_METHOD, BGNBD_METHOD)
        if method in span.predicted
    ]
    return sum_backtest.SumBacktest(
        tested.window, backtest.customers, backtest.states, tuple(predictions)
    )


def _value_backtests(
    transactions: Transactions, case: _BacktestCase, means: Mapping[int, float], days: Schedule
) -> list[lifetime_backtest.ValueBacktest]:
    """Return the predictions for all whole windows that the data hold after a backtest."""
    time, cutoff = days.time, case.tested.cutoff
    count = (days.end_day - time.settlement - cutoff - time.gap) // time.horizon
    ahead = case.value_model.future_periods(count * time.horizon)
    each = _actual_spend(transactions, case.tested.backtest, ahead)
    return [
        lifetime_backtest.ValueBacktest(
            case.tested.window,
            n,
            n * time.horizon,
            case.tested.backtest.customers,
            _predicted_values(case, ahead[:n], means[cutoff], days),
            np.sum(each[:n], axis=0),
        )
        for n in range(1, count + 1)
    ]


def _actual_spend(
    transactions: Transactions, backtest: Backtest, ahead: Sequence[ValuePeriod]
) -> list[FloatArray]:
    """Return the actual spend of each customer by window."""
    spans = [(backtest.cutoff + a.start, backtest.cutoff + a.end) for a in ahead]
    spent = features.clustering_inputs(transactions, spans)
    customers = pl.DataFrame({"customer_id": backtest.customers})
    found = []
    for _, end in spans:
        paid = customers.join(
            spent.filter(end=end), on="customer_id", how="left", maintain_order="left"
        )
        found.append(paid["spend"].fill_null(0).to_numpy() / MONEY_SCALE)
    return found


def _predicted_values(
    case: _BacktestCase, ahead: tuple[ValuePeriod, ...], mean: float, days: Schedule
) -> dict[str, FloatArray]:
    """Return values by method: the forecast, BG/NBD alone, and three naive methods."""
    value_model, expected = case.value_model, case.tested.forecast.expected
    value = value_model.lifetime_value(case.known, expected, ahead)
    predicted = {} if value is None or not np.isfinite(value).all() else {FORECAST_METHOD: value}
    if value_model.purchase_model is not None:
        bgnbd = value_model.purchase_model.expected_value(case.known, ahead)
        predicted |= {BGNBD_METHOD: bgnbd} if np.isfinite(bgnbd).all() else {}
    horizon = days.time.horizon
    observed = min(DAYS_PER_YEAR, case.tested.cutoff - days.first_day)
    return predicted | {
        lifetime_backtest.REFERENCE_METHOD: case.fact("spend_364")
        * (horizon / observed)
        * len(ahead),
        "last_window": case.fact("spend_now") * len(ahead),
        "mean": np.full(len(expected), mean * len(ahead)),
    }


def _coverage(cases: Sequence[_BacktestCase], days: Schedule) -> pl.DataFrame:
    """Return the share of customers whose actual spend lay in the interval, as rows of errors."""
    found = []
    for case in cases:
        if case.value_model.interval is not None:
            tested = case.tested
            low, high = case.value_model.interval.bounds(tested.forecast.expected)
            # Refunds count as no spend, as in the interval.
            spend = np.maximum(tested.spend, 0.0)
            share = float(((low <= spend) & (spend <= high)).mean())
            horizon = days.time.horizon
            head = (tested.window, 1, horizon, FORECAST_METHOD, "coverage", len(spend), share)
            found.append((*head, *(None,) * 5))
    return pl.DataFrame(found, lifetime_backtest.VALUE_ERRORS_SCHEMA, orient="row")
