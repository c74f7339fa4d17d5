"""How much of a later segment can be predicted: predictable information, in nats.

One small model for every candidate segmentation; it uses inner origins only, no test window.
Beside it, how good a leaking test looks, compared with the out-of-time test.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
import xgboost as xgb

from segpredict import features
from segpredict.classifier import metrics
from segpredict.classifier.metrics import MetricScores
from segpredict.classifier.models import xgboost
from segpredict.classifier.models.baselines._baseline import smoothed_shares
from segpredict.classifier.panel import STATE_FEATURES
from segpredict.classifier.splits import Fold
from segpredict.classifier.train import TrainingResult
from segpredict.classifier.training_data import (
    TrainingData,
    informative_columns,
    training_data_of_fold,
)
from segpredict.config.classifier import ClassifierOptions, TimeOptions
from segpredict.core.arrays import Float32Array, IndexArray, IntArray
from segpredict.core.transactions import Transactions
from segpredict.core.window import as_date

TEST_SHARE = 0.3  # of rows, drawn at random, held out by the leaking tests
HONEST_TEST = "honest"

BOOSTING_ROUNDS, HISTOGRAM_BINS = 80, 64
MAX_ROWS = 5_000  # rows to train on, and as many to test on
XGBOOST_PARAMETERS = {
    "objective": "multi:softprob",
    "base_score": 0.5,
    "tree_method": "hist",
    "eta": 0.08,
    "max_depth": 3,
    "min_child_weight": 20.0,
    "colsample_bytree": 0.5,
    "lambda": 10.0,
    "max_bin": HISTOGRAM_BINS,
    "nthread": 1,
}


@dataclass(frozen=True, eq=False)
class PredictabilityTest:
    """Customers at inner origins, and the row of the clustering inputs with their outcome."""

    # features of the fitting origins, and of the validation origins, a row each
    train_cells: Float32Array
    test_cells: Float32Array
    # for each of those, the row of the clustering inputs that holds its outcome; −1 for no purchase
    train_rows: IntArray
    test_rows: IntArray
    customers: IntArray  # whose row each of `test_cells` is, from 0 on

    @cached_property
    def _matrices(self) -> tuple[xgb.QuantileDMatrix, xgb.QuantileDMatrix]:
        """Both as XGBoost reads them: binned once, on first use."""
        known = xgb.QuantileDMatrix(self.train_cells, max_bin=HISTOGRAM_BINS, nthread=1)
        tested = xgb.QuantileDMatrix(self.test_cells, ref=known, max_bin=HISTOGRAM_BINS, nthread=1)
        return known, tested

    def information_gain(self, labels: IndexArray, k: int) -> tuple[float, float]:
        """Return how much better the model predicts than the class shares, in nats.

        * `labels`, `k`: the segment, from 0 on, of each row of the clustering inputs, and how many
          there are.

        Returned are the mean gain in log-loss on the validation origins, and its standard error,
        customers being independent.

        PI = LL(prior) − LL(model), 80 rounds of depth 3: a cross-entropy estimate of the mutual
        information of past and later segment. It rewards segments that are both detailed and
        predictable; accuracy would reward a single one. Inactive counts as one of the segments.
        """
        before, after = (
            np.where(rows < 0, 0, labels[rows] + 1) for rows in (self.train_rows, self.test_rows)
        )
        known, tested = self._matrices
        known.set_label(before)
        trees = xgb.train({**XGBOOST_PARAMETERS, "num_class": k + 1}, known, BOOSTING_ROUNDS)
        probabilities = trees.predict(tested).reshape(-1, k + 1).astype(np.float64)
        shares = smoothed_shares(before, k + 1)
        realised = probabilities[np.arange(len(after)), after] / probabilities.sum(axis=1)
        gains = np.log(np.maximum(realised, 1e-12)) - np.log(shares[after])
        deviations = np.bincount(self.customers, gains - gains.mean())
        return float(gains.mean()), float(np.sqrt((deviations**2).sum()) / len(gains))


def prepare_predictability_test(
    transactions: Transactions,
    fold: Fold,
    time: TimeOptions,
    families: Sequence[str] | None,
    grouped: pl.DataFrame,
    everybody: pl.DataFrame,
) -> PredictabilityTest | None:
    """Return the data needed to measure how predictable segments are.

    * `transactions`, `time`, `families`: the shop; lengths, in days; feature families.
    * `fold`: its fitting and validation origins are used; ``None`` is returned where there are
      none.
    * `grouped`, `everybody`: rows of the clustering inputs, of windows that hold all outcomes of
      these origins: those that are clustered, and all. Customers in the second only have no cluster
      later and are left out.
    """
    if not fold.fit_origins or not fold.validation_origins:
        return None
    days = (*fold.fit_origins, *fold.validation_origins)
    windows = [time.window_at(day, transactions.first_day) for day in days]
    cutoff = (pl.col("end") - time.days_to_outcome).cast(pl.Int32).alias("cutoff")
    outcomes, all_outcomes = (
        rows.with_row_index("outcome").select("customer_id", "outcome", cutoff)
        for rows in (grouped, everybody)
    )
    key = ["customer_id", "cutoff"]
    apart = all_outcomes.join(outcomes, on=key, how="anti")
    tables = features.build_features(transactions, windows, families)
    rows = (
        pl.concat(
            table.frame.with_columns(cutoff=pl.lit(table.window.cutoff, pl.Int32))
            for table in tables
        )
        .join(apart, on=key, how="anti", maintain_order="left")
        .join(outcomes, on=key, how="left", maintain_order="left")
    )
    names = informative_columns(rows, tables[0].feature_names)
    known, tested = (
        _sampled(rows.filter(pl.col("cutoff").is_in(list(part))), names)
        for part in (fold.fit_origins, fold.validation_origins)
    )
    return PredictabilityTest(
        _cells(known, names),
        _cells(tested, names),
        _outcomes(known),
        _outcomes(tested),
        tested["customer_id"].rank("dense").to_numpy().astype(np.int64) - 1,
    )


def _sampled(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return at most so many rows at even steps through the features, blind to ids."""
    return rows.sort("cutoff", *names, "outcome").gather_every(-(-rows.height // MAX_ROWS))


def _cells(rows: pl.DataFrame, names: Sequence[str]) -> Float32Array:
    return rows.select(pl.col(names).cast(pl.Float32).fill_null(np.nan)).to_numpy()


def _outcomes(rows: pl.DataFrame) -> IntArray:
    return rows["outcome"].cast(pl.Int64).fill_null(-1).to_numpy()


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
