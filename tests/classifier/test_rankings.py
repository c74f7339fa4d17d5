import numpy as np
import polars as pl
import pytest

from segpredict.classifier import Backtest
from segpredict.classifier.evaluation.rankings import _captured, _score_tables, evaluate_rankings

VALUES = (0.0, 10.0, 100.0)


def trial(states, labels, probabilities, cutoff=0, **facts):
    rows = len(states)
    plain = {
        "is_new": [False] * rows,
        "recency_days": [1.0] * rows,
        "spend_364": [1.0] * rows,
        "spend_now": [1.0] * rows,
        "spend_next": [0.0] * rows,
    }
    return Backtest(
        cutoff,
        np.array([f"c{i}" for i in range(rows)]),
        np.array(states),
        np.array(labels),
        {"model": np.array(probabilities)},
        pl.DataFrame(plain | facts),
        VALUES,
    )


def found(backtests, metric, by):
    measured = evaluate_rankings(backtests, draws=200, seed=1)
    return next(r.value for r in measured if (r.metric, r.ranked_by) == (metric, by))


def at_risk(scores, recency, labels):
    rest = [[p, (1 - p) / 2, (1 - p) / 2] for p in scores]
    return trial([2] * len(scores), labels, rest, recency_days=recency)


def test_a_perfect_ranking_of_a_fifth_at_risk_lifts_five_times():
    outcomes = [0] * 4 + [2] * 16
    scores = [0.9 - i / 100 for i in range(20)]
    one = at_risk(scores, [1.0] * 20, outcomes)
    assert found([one], "at_risk_lift", "model").value == pytest.approx(5)
    # All equally silent: taking a tenth of them is taking anybody.
    assert found([one], "at_risk_lift", "recency").value == pytest.approx(1)
    ratio = found([one], "at_risk_lift", "model / recency")
    assert ratio.value == pytest.approx(5)
    assert ratio.low > 1


def test_customers_at_the_edge_count_in_part():
    # A tenth of ten is one customer: half of each of two who share the first place.
    scores, gains = np.array([5.0, 5.0, *range(-8, 0)]), np.array([1.0, 0.0, *[0.0] * 8])
    tables = _score_tables(scores, gains, np.arange(10))
    caught, taken, gain, size = _captured(*tables, np.ones((1, 10)), 0.1)[:, 0]
    assert (caught, taken, gain, size) == (0.5, 1, 1, 10)


def test_each_test_is_ranked_by_itself():
    early = at_risk([0.9] + [0.1] * 9, [1.0] * 10, [0] + [2] * 9)
    late = at_risk([0.09] + [0.01] * 9, [1.0] * 10, [0] + [2] * 9)
    assert found([early, late], "at_risk_lift", "model").value == pytest.approx(10)


def test_upgrade_asks_those_below_and_counts_who_rose():
    probabilities = [[0.1, 0.1, 0.8]] + [[0.5, 0.4, 0.1]] * 9
    one = trial([1] * 10, [2] + [0] * 9, probabilities, spend_364=[1.0] * 10)
    assert found([one], "upgrade_lift", "model").value == pytest.approx(10)
    assert found([one], "upgrade_lift", "past_spend").value == pytest.approx(1)


def test_the_future_top_is_a_fifth_by_spend_in_the_outcome():
    probabilities = [[0.0, 0.0, 1.0]] * 2 + [[1.0, 0.0, 0.0]] * 8
    one = trial(
        [1] * 10,
        [2] * 2 + [0] * 8,
        probabilities,
        spend_next=[50.0, 40.0, *[1.0] * 8],
        spend_364=[1.0, *[2.0] * 9],
    )
    assert found([one], "future_top_capture", "model").value == pytest.approx(1)
    # By past spend: two of nine equal ones, of whom one is among the top two.
    past = found([one], "future_top_capture", "past_spend").value
    assert past == pytest.approx(2 / 9 / 2)


def test_the_order_of_rows_does_not_matter(small):
    one = small.training.backtests[-1]
    order = np.random.default_rng(0).permutation(len(one.labels))
    mixed = Backtest(
        one.cutoff,
        one.customers[order],
        one.states[order],
        one.labels[order],
        {name: given[order] for name, given in one.probabilities.items()},
        one.covariates[order.tolist()],
        one.segment_values,
    )
    plain = evaluate_rankings([one], draws=100, seed=1)
    for left, right in zip(plain, evaluate_rankings([mixed], draws=100, seed=1), strict=True):
        assert left.value.value == pytest.approx(right.value.value)


def test_without_facts_nothing_is_ranked():
    bare = Backtest(0, np.array(["a"]), np.array([2]), np.array([0]), {"m": np.ones((1, 3)) / 3})
    assert evaluate_rankings([bare], draws=100, seed=1) == ()
