"""Score past dates again with a run, and evaluate them by the figures of its verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict import features
from segpredict.analytics.customer_value.sum_backtest import (
    PredictedAmount,
    SumBacktest,
    compare_sums,
)
from segpredict.classifier import Backtest, build_panel
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.classifier.evaluation.decisions import evaluate_policies
from segpredict.classifier.evaluation.results import Evaluation
from segpredict.classifier.evaluation.scorecard import build_scorecard
from segpredict.classifier.evaluation.selection import REFERENCE_MODELS, evaluate_models
from segpredict.classifier.history import backtest_covariates, histories_at_cutoffs
from segpredict.classifier.models.baselines import BASELINES
from segpredict.classifier.splits import Fold, Schedule, schedule_folds
from segpredict.classifier.training_data import (
    Forecaster,
    HistoryAtCutoff,
    sample_shop,
    training_data_of_fold,
)
from segpredict.config.load import Config
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window, as_date
from segpredict.pipeline.results import TrainedModels
from segpredict.scoring.predictor import SegmentPredictor

STATE_FAMILIES = ("rfm",)  # reference models read the current segment alone


@dataclass(frozen=True)
class PastForecasts:
    """The forecasts of past dates whose outcome windows are over, and what came."""

    backtests: tuple[Backtest, ...]  # one a date, oldest first
    evaluation: Evaluation  # the figures of the verdict
    # every metric (`scorecard.SCORECARD_SCHEMA`), by segment, country and cohort too
    scorecard: pl.DataFrame
    sums: pl.DataFrame  # expected spend and revenue at risk against what came
    scores: pl.DataFrame  # `schemas.SCORES_SCHEMA` of all dates


def evaluate_past_forecasts(
    predictor: SegmentPredictor,
    models: TrainedModels,
    trained_on: Transactions,
    shop: Transactions,
    cutoffs: Sequence[int],
    config: Config,
) -> PastForecasts:
    """Return what the run forecasts on past dates, against what came.

    * `predictor`, `models`, `config`: of the run.
    * `trained_on`, `shop`: the run's own transactions, from which the baselines are fitted; newer
      transactions that hold the outcome windows.
    * `cutoffs`: the dates.

    Only what was known on each date is looked at. Of a large shop a sample of customers is
    evaluated, as in training.
    """
    options, time = config.classifier, config.time
    shop = sample_shop(shop, options)[0]
    windows = [predictor.score_window(shop, cutoff) for cutoff in sorted(cutoffs)]
    panel = build_panel(shop, predictor.segmentation, windows, predictor.families)
    baselines = _baselines(predictor, models, sample_shop(trained_on, options)[0], config)
    histories = _histories(predictor, shop, windows)
    backtests, scores = [], []
    for window in windows:
        rows = panel.at_cutoffs(window.cutoff).sort("customer_id")
        known = {each.name: each.predict_proba(rows) for each in (predictor.model, *baselines)}
        covariates = backtest_covariates(shop, rows, histories[window.cutoff])
        backtests.append(Backtest.of_customers(window.cutoff, rows, known, covariates))
        scores.append(predictor.score_table(shop, window.cutoff, shop.first_day))
    name, ids = predictor.model.name, [segment.id for segment in predictor.segments]
    by = Resampling(options.bootstrap_draws, options.seed)
    parts = [build_scorecard(backtests, ids, by, name)]
    if predictor.policy is not None:
        policies = [predictor.policy] * len(backtests)
        parts.append(evaluate_policies(backtests, policies, name, ids, by))
    return PastForecasts(
        tuple(backtests),
        evaluate_models(backtests, name, "", ids, time, options),
        pl.concat(parts),
        _sums(backtests, scores, shop, windows, ids, by),
        pl.concat(scores),
    )


def _baselines(
    predictor: SegmentPredictor, models: TrainedModels, shop: Transactions, config: Config
) -> list[Forecaster]:
    """Return the baselines that need no features, fitted on what the run was fitted on."""
    fold = schedule_folds(shop.first_day, shop.end_day, config.time).production_fold
    windows = [config.time.window_at(day, shop.first_day) for day in fold.train_origins]
    rows = build_panel(shop, predictor.segmentation, windows, STATE_FAMILIES)
    size = len(predictor.segments)
    data = training_data_of_fold(rows, fold, size, config.classifier)
    found = [BASELINES.get(name).fit(data) for name in REFERENCE_MODELS]
    bought = models.ensemble.pool.purchase_model
    if bought is not None:
        found.append(replace(bought, seasonal_index=None))
    return [each for each in found if each.name != predictor.model.name]


def _histories(
    predictor: SegmentPredictor, shop: Transactions, windows: Sequence[Window]
) -> dict[int, HistoryAtCutoff]:
    folds = tuple(Fold(window.cutoff, (), (), ()) for window in windows)
    days = Schedule(predictor.time, shop.first_day, shop.end_day, folds[:-1], folds[-1])
    return histories_at_cutoffs(shop, predictor.segmentation, days, folds)


def _sums(
    backtests: Sequence[Backtest],
    scores: Sequence[pl.DataFrame],
    shop: Transactions,
    windows: Sequence[Window],
    ids: Sequence[str],
    by: Resampling,
) -> pl.DataFrame:
    """Return expected spend and revenue at risk, and the actual sums, by date and segment."""
    spans = [(window.outcome_start, window.outcome_end) for window in windows]
    spent = features.clustering_inputs(shop, spans).select(
        "customer_id", "end", spend=pl.col("spend") / MONEY_SCALE
    )
    tests = []
    for backtest, table, window in zip(backtests, scores, windows, strict=True):
        customers = pl.DataFrame({"customer_id": backtest.customers})
        paid = spent.filter(end=window.outcome_end)
        rows = customers.join(table, on="customer_id", how="left", maintain_order="left")
        rows = rows.join(paid, on="customer_id", how="left", maintain_order="left")
        if rows["expected_value"].null_count() == rows.height:  # the run has no value model
            continue
        spend, base, risk, expected = (
            rows[name].fill_null(0.0).to_numpy()
            for name in ("spend", "base_value", "value_at_risk", "expected_value")
        )
        amounts = (
            PredictedAmount("value_at_risk", "run", risk, np.maximum(base - spend, 0.0)),
            PredictedAmount("expected_value", "run", expected, spend),
        )
        day = as_date(window.cutoff).isoformat()
        tests.append(SumBacktest(day, backtest.customers, backtest.states, amounts))
    return compare_sums(tests, ids, draws=by.draws, seed=by.seed)
