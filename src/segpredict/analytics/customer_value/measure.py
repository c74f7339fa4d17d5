"""Fit the customer value model, and backtest it out of time against other methods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict import features
from segpredict.analytics.customer_value import lifetime_backtest, spend_model, sum_backtest
from segpredict.analytics.customer_value.base_value import base_values
from segpredict.analytics.customer_value.expected_total import TOTALS_SCHEMA
from segpredict.analytics.customer_value.spend_interval import SpendInterval, fit_spend_interval
from segpredict.analytics.customer_value.spend_model import SpendSeasonality, fit_seasonality
from segpredict.analytics.customer_value.value_model import (
    PurchaseModel,
    ValueModel,
    ValuePeriod,
    fit_purchase_model,
    value_periods,
)
from segpredict.classifier import (
    Backtest,
    EnsembleModel,
    Fold,
    Schedule,
    SegmentAssigner,
    TrainingResult,
)
from segpredict.classifier.history import outcome_spend
from segpredict.classifier.splits import MIN_TRAIN_ORIGINS
from segpredict.classifier.training_data import HistoryAtCutoff, segment_codes
from segpredict.config.outputs import CustomerValueOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.panel import Panel
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import DAYS_PER_YEAR, as_date

FORECAST_METHOD, BGNBD_METHOD = "forecast", "bgnbd"
LOSS_BY_SPEND = "loss_by_spend"  # a ranking without a model: the largest spenders first


@dataclass(frozen=True)
class CustomerValueResult:
    """Customer values and their backtests."""

    value_model: ValueModel  # the value model on the day after the data
    model_of_last_test: ValueModel  # that on the day of the last test
    # predicted and actual sums per backtest, decile and segment (`VALUE_SUMS_SCHEMA`)
    backtest_sums: pl.DataFrame
    # errors per customer, with those of other methods (`VALUE_ERRORS_SCHEMA`)
    backtest_errors: pl.DataFrame
    # expected and actual spend of all customers together, one row a backtest, those before the
    # first test included where there was history enough (`TOTALS_SCHEMA`)
    backtest_totals: pl.DataFrame


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

    * `transactions`, `segmentation`: the shop's lines, and the frozen segmenter of the training.
    * `training`, `options`: backtest forecasts with actual labels, and the panel; the discount.
    * `draws`, `seed`: resamples of customers behind each interval, and their start.

    Every backtest uses only what was complete on its day. It covers all whole windows that the data
    hold after that day: the next one, the next two …, so the longest begins at the oldest backtest.
    """
    days, rate = training.schedule, (options or CustomerValueOptions()).discount_rate
    rows = _value_rows(transactions, training.panel, days)
    known, ensembles = training.histories, training.ensembles
    classes, name = len(segmentation.segments), training.evaluation.selected
    spend_models = {fold.cutoff: _spend_model(rows, fold, classes, days) for fold in days.folds}
    tested = [
        _tested(backtest, name, rows, *spend_models[backtest.cutoff])
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
    means = {
        fold.cutoff: float(_past_rows(rows, fold)["spend"].mean())  # type: ignore[arg-type]
        for fold in days.test_folds
    }
    spans, sums, coverage = [], [], []
    for each in tested[len(training.inner_backtests) :]:
        model = models[each.cutoff]
        history = _covariates(each.backtest, known[each.cutoff])
        own = _value_backtests(transactions, each, model, history, means[each.cutoff], days)
        spans += own
        sums.append(_sum_backtest(each, name, own))
        coverage += _coverage(each, model, days)
    by = {"draws": draws, "seed": seed}
    ids = [segment.id for segment in segmentation.segments]
    held = pl.DataFrame(coverage, lifetime_backtest.VALUE_ERRORS_SCHEMA, orient="row")
    return CustomerValueResult(
        models[days.production_fold.cutoff],
        models[days.test_folds[-1].cutoff],
        sum_backtest.compare_sums(sums, ids, **by),
        pl.concat([lifetime_backtest.value_errors(spans, **by), held]),
        _totals(tested, days),
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
    # Of a large shop the panel holds a sample of the customers.
    base = transactions.by_parts(
        lambda part: base_values(part, days.windows).join(rows, on=keys, how="semi")
    )
    for table in (base, spent):
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
) -> tuple[spend_model.SpendModel, SpendSeasonality]:
    """Return the spend model of a day, and the season that is left in its past windows."""
    past = _past_rows(rows, fold)
    base, spend = past["base_value"].to_numpy(), past["spend"].to_numpy()
    labels = segment_codes(past, "label")
    model = spend_model.fit_spend_model(base, spend, labels, classes)
    expected = model.forecast(base, np.eye(classes)[labels]).expected
    cutoffs = past["cutoff"].to_numpy()
    return model, fit_seasonality(days.time.horizon, cutoffs, spend, expected)


@dataclass(frozen=True)
class _Tested:
    """The expected spend of a backtest, by the model of its day, and the actual spend."""

    backtest: Backtest
    forecast: spend_model.SpendForecast
    base: FloatArray
    spend: FloatArray

    @property
    def cutoff(self) -> int:
        return self.backtest.cutoff

    @property
    def window(self) -> str:
        return as_date(self.cutoff).isoformat()


def _tested(
    backtest: Backtest,
    name: str,
    rows: pl.DataFrame,
    model: spend_model.SpendModel,
    seasonality: SpendSeasonality,
) -> _Tested:
    own = _of_customers(backtest, rows.filter(cutoff=backtest.cutoff))
    base = own["base_value"].to_numpy()
    season = seasonality.factor_at(backtest.cutoff)
    forecast = model.forecast(base, backtest.probabilities[name], season)
    return _Tested(backtest, forecast, base, own["spend"].to_numpy())


def _of_customers(backtest: Backtest, table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a backtest's customers, in their order; null where there is none."""
    customers = pl.DataFrame({"customer_id": backtest.customers})
    return customers.join(table, on="customer_id", how="left", maintain_order="left")


def _totals(tested: Sequence[_Tested], days: Schedule) -> pl.DataFrame:
    """Return expected and actual spend of all customers, one row a backtest.

    Only of models with the history that a test asks for: others err as no later model does.
    """
    sound = {fold.cutoff for fold in days.folds if len(fold.train_origins) >= MIN_TRAIN_ORIGINS}
    sound |= {fold.cutoff for fold in days.test_folds}
    rows = [
        (
            each.window,
            len(each.spend),
            float(np.sum(each.forecast.expected)),
            float(np.sum(each.spend)),
        )
        for each in tested
        if each.cutoff in sound
    ]
    return pl.DataFrame(rows, TOTALS_SCHEMA, orient="row")


def _interval(tested: Sequence[_Tested], until: int) -> SpendInterval | None:
    """Return the interval by the backtests whose outcomes were complete on a day."""
    known = [each for each in tested if each.cutoff <= until]
    if not known:
        return None
    expected = np.concatenate([each.forecast.expected for each in known])
    return fit_spend_interval(expected, np.concatenate([each.spend for each in known]))


def _covariates(backtest: Backtest, history: HistoryAtCutoff) -> pl.DataFrame:
    known = _of_customers(backtest, history.customer_histories)
    if backtest.covariates is None:
        return known
    new_columns = [n for n in backtest.covariates.columns if n not in known.columns]
    return known.hstack(backtest.covariates.select(new_columns))


def _sum_backtest(
    tested: _Tested, name: str, spans: Sequence[lifetime_backtest.ValueBacktest]
) -> sum_backtest.SumBacktest:
    """Return all predictions of a backtest, in the order of the report."""
    forecast, base, spend = tested.forecast, tested.base, tested.spend
    amount = sum_backtest.PredictedAmount
    predictions = [
        amount("value_at_risk", name, forecast.risk, np.maximum(base - spend, 0.0)),
        amount(LOSS_BY_SPEND, name, base, np.maximum(base - spend, 0.0)),
        amount("upside", name, forecast.upside, np.maximum(spend - base, 0.0)),
        amount("expected_value", name, forecast.expected, spend),
    ]
    predictions += [
        amount("clv", method, span.predicted[method], span.actual, span.windows)
        for span in spans
        for method in (FORECAST_METHOD, BGNBD_METHOD)
        if method in span.predicted
    ]
    backtest = tested.backtest
    return sum_backtest.SumBacktest(
        tested.window, backtest.customers, backtest.states, tuple(predictions)
    )


def _value_backtests(
    transactions: Transactions,
    tested: _Tested,
    model: ValueModel,
    history: pl.DataFrame,
    mean: float,
    days: Schedule,
) -> list[lifetime_backtest.ValueBacktest]:
    """Return the predictions for all whole windows that the data hold after a backtest.

    By the forecast, BG/NBD alone, and three naive methods; `mean` is what a customer spent in a
    past window.
    """
    time, backtest = days.time, tested.backtest
    count = (days.end_day - time.settlement - backtest.cutoff - time.gap) // time.horizon
    ahead = value_periods(time.horizon, time.gap, count * time.horizon)
    spans = [(backtest.cutoff + each.start, backtest.cutoff + each.end) for each in ahead]
    spent = features.clustering_inputs(transactions, spans)
    paid = [
        _of_customers(backtest, spent.filter(end=end))["spend"].fill_null(0).to_numpy()
        / MONEY_SCALE
        for _, end in spans
    ]
    observed = min(DAYS_PER_YEAR, backtest.cutoff - days.first_day)
    year, window = (
        history[name].cast(pl.Float64).fill_null(0.0).to_numpy()
        for name in ("spend_364", "spend_now")
    )
    found = []
    for n in range(1, count + 1):
        predicted = _model_values(model, history, tested.forecast.expected, ahead[:n]) | {
            lifetime_backtest.REFERENCE_METHOD: year * (time.horizon / observed) * n,
            "last_window": window * n,
            "mean": np.full(len(window), mean * n),
        }
        head = (tested.window, n, n * time.horizon, backtest.customers)
        found.append(lifetime_backtest.ValueBacktest(*head, predicted, np.sum(paid[:n], axis=0)))
    return found


def _model_values(
    model: ValueModel, history: pl.DataFrame, expected: FloatArray, ahead: tuple[ValuePeriod, ...]
) -> dict[str, FloatArray]:
    """Return the values of the forecast and of BG/NBD alone, where they are finite."""
    values = {FORECAST_METHOD: model.lifetime_value(history, expected, ahead)}
    if model.purchase_model is not None:
        values[BGNBD_METHOD] = model.purchase_model.expected_value(history, ahead)
    return {
        method: value
        for method, value in values.items()
        if value is not None and np.isfinite(value).all()
    }


def _coverage(tested: _Tested, model: ValueModel, days: Schedule) -> list[tuple[object, ...]]:
    """Return the share of customers whose actual spend lay in the interval, as a row of errors."""
    if model.interval is None:
        return []
    low, high = model.interval.bounds(tested.forecast.expected)
    spend = np.maximum(tested.spend, 0.0)  # refunds count as no spend, as in the interval
    share = float(((low <= spend) & (spend <= high)).mean())
    head = (tested.window, 1, days.time.horizon, FORECAST_METHOD, "coverage", len(spend), share)
    return [(*head, *(None,) * 5)]
