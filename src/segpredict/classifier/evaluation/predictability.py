"""How much of a later segment can be predicted: predictable information, in nats.

One small model for every candidate segmentation; it uses inner origins only, no test window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import xgboost as xgb

from segpredict import features
from segpredict.classifier.splits import Fold
from segpredict.classifier.training_data import informative_columns
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import Float32Array, IndexArray, IntArray
from segpredict.core.transactions import Transactions

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

        Returns the mean gain in log-loss on the validation origins, and its standard error,
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
        shares = np.bincount(before, minlength=k + 1) + 0.5
        shares = shares / shares.sum()
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
