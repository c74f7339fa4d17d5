"""Show how good a leaking test looks, compared with the out-of-time test."""

from dataclasses import replace

import numpy as np
import polars as pl

from segpredict.classifier import metrics
from segpredict.classifier.metrics import MetricScores
from segpredict.classifier.models import xgboost
from segpredict.classifier.panel import STATE_FEATURES
from segpredict.classifier.train import TrainingResult
from segpredict.classifier.training_data import TrainingData, training_data_of_fold
from segpredict.config.classifier import ClassifierOptions
from segpredict.core.window import as_date

TEST_SHARE = 0.3  # of rows, drawn at random, held out by the leaking tests
HONEST_TEST = "honest"


def run_leakage_demo(
    training: TrainingResult, options: ClassifierOptions | None = None
) -> pl.DataFrame:
    """Return the metrics of the same trees under leaking tests and the out-of-time one, one a row.

    * `training`, `options`: the finished training, whose final test is the out-of-time one, and its
      settings.

    ``same_window``: the label is the current segment, measured on days that the
    features have seen too, and rows are split at random. It describes, it does not
    predict. ``random_rows``: the label is the future, but a customer's neighbouring
    origins, with outcomes that overlap, stand on both sides of the split.
    ``grouped_customers``: no customer stands on both sides, but the same weeks do.
    """
    final, settings = training.schedule.test_folds[-1], options or ClassifierOptions()
    classes = len(training.evaluation.segments)
    honest = training.backtests[-1]
    whole = training_data_of_fold(training.panel, final, classes, settings)
    # With the segment itself among the columns, there would be nothing to learn.
    others = tuple(n for n in whole.feature_names if n not in {f.name for f in STATE_FEATURES})
    now = replace(
        whole, rows=whole.rows.with_columns(label=pl.col("state_now")), feature_names=others
    )
    tested = training.panel.at_cutoffs(final.cutoff).sort("customer_id")
    out_of_time = metrics.score_forecast(xgboost.fit(whole).predict_proba(tested), honest.labels)
    tests = {
        "same_window": (
            "Label and features from the same days, random rows held out: describes, "
            "does not predict.",
            _held_out(now, _by_row(now)),
        ),
        "random_rows": (
            "Future label, random rows held out: the same weeks on both sides.",
            _held_out(whole, _by_row(whole)),
        ),
        "grouped_customers": (
            "Future label, random customers held out: the same weeks on both sides.",
            _held_out(whole, _by_customer(whole)),
        ),
        HONEST_TEST: (
            f"Future label, tested on {as_date(final.cutoff)} by a model that knew "
            "nothing after that day.",
            out_of_time,
        ),
    }
    return pl.DataFrame(
        [
            {"test": name, "meaning": text, "is_honest": name == HONEST_TEST, **found.to_json()}
            for name, (text, found) in tests.items()
        ]
    )


def _by_row(given: TrainingData) -> pl.Series:
    rng = np.random.default_rng(given.seed)
    return pl.Series(rng.random(given.rows.height) < TEST_SHARE)


def _by_customer(given: TrainingData) -> pl.Series:
    """Draw customers in the order of their names, whatever the order of the rows."""
    rng = np.random.default_rng(given.seed)
    place = given.rows["customer_id"].rank("dense").to_numpy().astype(np.int64) - 1
    is_drawn = rng.random(int(place.max()) + 1) < TEST_SHARE
    return pl.Series(is_drawn[place])


def _held_out(given: TrainingData, is_test: pl.Series) -> MetricScores:
    known = replace(given, rows=given.rows.filter(~is_test))
    held_out = replace(known, rows=given.rows.filter(is_test))
    return metrics.score_forecast(xgboost.fit(known).predict_proba(held_out.rows), held_out.labels)
