from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from segpredict.classifier.decisions.inner_validation import (
    INNER_ORIGINS,
    inner_backtests,
    inner_folds,
)

from segpredict.classifier import build_panel, train
from segpredict.classifier.models.baselines import BASELINES
from segpredict.classifier.splits import Fold
from segpredict.classifier.training_data import training_data_of_fold
from small_shop import OPTIONS, Small


@given(
    st.sets(st.integers(0, 60), max_size=14),
    st.integers(1, 30),
    st.integers(0, 10),
)
def test_nobody_learns_from_an_outcome_that_was_not_complete(days, complete, settle):
    training = tuple(sorted(days))
    test = Fold(61 + complete, training, (), ())
    for stage in inner_folds(test, complete + settle):
        fold = stage.fold
        assert fold.cutoff == stage.test_origins[0]
        assert max(fold.train_origins) + complete + settle <= fold.cutoff
        assert set(stage.test_origins) <= set(training)
        assert len(stage.test_origins) <= INNER_ORIGINS
        if fold.fit_origins:
            assert max(fold.fit_origins) + complete + settle <= fold.validation_origins[0]


def test_a_short_history_has_no_inner_validation():
    assert inner_folds(Fold(400, (250, 300), (), ()), 100) == ()


def test_inner_validation_forecasts_unseen_origins(small: Small):
    fold = small.schedule.test_folds[-1]
    stage = inner_folds(fold, small.schedule.time.days_to_complete)[-1]
    size = len(small.segmentation.segments)
    given_rows = training_data_of_fold(small.panel, stage.fold, size, OPTIONS)
    audience = small.panel.at_cutoffs(*stage.test_origins)
    fit = BASELINES.get("markov").fit
    *_, backtest = inner_backtests(given_rows, audience, stage.test_origins, fit)
    assert backtest.cutoff == stage.test_origins[-1] < fold.cutoff
    assert max(given_rows.rows["cutoff"]) < stage.test_origins[0]
    own = small.panel.at_cutoffs(backtest.cutoff).sort("customer_id")
    assert backtest.customers.tolist() == own["customer_id"].to_list()
    predicted = fit(given_rows).predict_proba(own)
    assert np.array_equal(backtest.probabilities["markov"], predicted)


def test_test_outcomes_teach_no_sets_no_rules_and_no_map(small: Small):
    for row in small.training.evaluation.policies["folds"]:
        origins = [pl.Series([d]).str.to_date()[0] for d in row["inner_origins"]]
        cutoff = pl.Series([row["cutoff"]]).str.to_date()[0]
        ahead = small.schedule.time.days_to_complete
        assert all((cutoff - day).days >= ahead for day in origins)
        assert origins


def taught(small: Small, transactions):
    """Return map and usage of the last folds, as training makes them."""
    few = replace(OPTIONS.xgboost, max_rounds=10)
    proven = replace(OPTIONS, xgboost=few, calibration="proven")
    windows, families = small.schedule.windows, ["btyd", "rfm", "state"]
    rows = build_panel(transactions, small.segmentation, windows, families)
    given = (transactions, small.segmentation, rows, small.schedule, proven)
    folds = train._FoldData(*given)
    folds.folds = folds.folds[-2:]  # the final test, and production
    maps, _ = train._calibrate_backtests(folds, small.training.backtests[-1:])
    policies = train._fit_policies(folds, small.training.evaluation, maps)
    return list(zip(maps, policies, strict=True))


def test_other_outcomes_of_the_final_test_teach_it_no_map_no_threshold_and_no_rule(
    small: Small,
):
    cutoff = small.schedule.test_folds[-1].cutoff
    later = pl.col("day") >= cutoff
    lines = small.transactions.lines.filter(
        ~later | (pl.col("customer_id").str.slice(-1) < "5")
    ).with_columns(amount=pl.when(later).then(pl.col("amount") * 9).otherwise("amount"))
    test, production = taught(small, small.transactions)
    other, changed = taught(small, replace(small.transactions, lines=lines))
    assert test == other
    # The production fold may learn from that test, so the change is one that could be seen.
    assert production[1].set_thresholds != changed[1].set_thresholds
    assert production[1].decision_rule != changed[1].decision_rule
