"""Windows before the first test select the model, the map, the sets and the rules."""

from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st

from segpredict.classifier import schedule_folds, train_classifier
from segpredict.classifier.splits import INNER_FOLDS
from segpredict.config.classifier import TimeOptions
from segpredict.errors import TooShortHistoryError
from small_shop import OPTIONS, TIME, Small


@given(
    st.integers(1, 26).map(lambda n: 7 * n),
    st.sampled_from([0, 5]),
    st.sampled_from([0, 14, 40]),
    st.integers(200, 1200),
)
def test_inner_windows_are_complete_before_the_first_test(horizon, gap, settlement, days):
    time = TimeOptions(horizon, 4 * horizon, gap, settlement=settlement)
    try:
        plan = schedule_folds(0, days, time)
    except TooShortHistoryError:
        assume(False)
    first = plan.test_folds[0].cutoff
    assert len(plan.inner_folds) <= INNER_FOLDS
    for fold in plan.inner_folds:
        assert fold.train_origins
        assert fold.cutoff + time.days_to_complete <= first
        assert max(fold.train_origins) + time.days_to_complete <= fold.cutoff
    cutoffs = [fold.cutoff for fold in plan.folds]
    assert cutoffs == sorted(set(cutoffs))


def test_a_short_history_has_no_inner_validation():
    assert schedule_folds(0, 364, TimeOptions()).inner_folds == ()


def test_test_outcomes_teach_no_sets_and_no_rules(small: Small):
    for row in small.training.evaluation.policies["folds"]:
        origins = [pl.Series([d]).str.to_date()[0] for d in row["inner_origins"]]
        cutoff = pl.Series([row["cutoff"]]).str.to_date()[0]
        ahead = small.schedule.time.days_to_complete
        assert all((cutoff - day).days >= ahead for day in origins)
        assert origins


def train(small: Small, transactions):
    quick = replace(
        OPTIONS,
        xgboost=replace(OPTIONS.xgboost, max_rounds=10),
        baselines=("markov",),
        families=("btyd", "rfm", "state"),
        bootstrap_draws=100,
    )
    return train_classifier(transactions, small.segmentation, quick, TIME)


def test_other_outcomes_of_the_tests_change_nothing_that_is_selected(small: Small):
    first, *_, last = (fold.cutoff for fold in small.schedule.test_folds)
    later = pl.col("day") >= first
    lines = small.transactions.lines.filter(
        ~later | (pl.col("customer_id").str.slice(-1) < "5")
    ).with_columns(amount=pl.when(later).then(pl.col("amount") * 9).otherwise("amount"))
    plain = train(small, small.transactions)
    other = train(small, replace(small.transactions, lines=lines))
    assert not np.array_equal(plain.backtests[0].labels, other.backtests[0].labels)
    assert plain.evaluation.selected == other.evaluation.selected
    reasons = [each.evaluation.reason.split("Over 2 test")[0] for each in (plain, other)]
    assert reasons[0] == reasons[1] != plain.evaluation.reason
    folds = [each.evaluation.policies["folds"] for each in (plain, other)]
    assert folds[0][0] == folds[1][0]
    for name, given_before in plain.backtests[0].probabilities.items():
        assert np.array_equal(given_before, other.backtests[0].probabilities[name])
    # The production fold may learn from the tests, so the change is one that could be seen.
    assert plain.policy.set_thresholds != other.policy.set_thresholds
    assert last > first
