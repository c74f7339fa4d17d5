"""Predicted against realised sums: by hand, by law, and where the truth is known."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.customer_value.spend_model import SpendModel
from segpredict.analytics.customer_value.sum_backtest import (
    PredictedAmount,
    SumBacktest,
    compare_sums,
)

IDS = ("S0", "S1", "S2")
MOVES = np.array([[0.7, 0.2, 0.1], [0.4, 0.4, 0.2], [0.1, 0.3, 0.6]])
SPEND = SpendModel(  # by next segment nothing, half and all of the base, and 20 more in the last
    ((), (), ()), ((1.0,), (0.5,), (0.0,)), ((0.0,), (0.0,), (20.0,)), ((0.0,),) * 3
)


def account(predicted, actual, states=None, window="2011-03-12"):
    rows = len(predicted)
    claim = PredictedAmount(
        "value_at_risk",
        "model",
        np.array(predicted, dtype=float),
        np.array(actual, dtype=float),
    )
    who = np.array([f"c{i:04d}" for i in range(rows)])
    now = np.ones(rows, dtype=int) if states is None else np.array(states)
    return SumBacktest(window, who, now, (claim,))


def result(tests, draws=200):
    return compare_sums(tests, IDS, draws=draws, seed=3)


def one(table, part, window="2011-03-12"):
    return table.row(
        by_predicate=(pl.col("part") == part) & (pl.col("window") == window), named=True
    )


def test_sums_and_their_ratio_by_hand():
    found = one(result([account([10, 20, 30], [5, 0, 40])]), "all")
    assert (found["n"], found["predicted"], found["actual"]) == (3, 60, 45)
    assert found["ratio"] == 0.75


def test_the_first_tenth_is_the_one_of_whom_most_was_said():
    said = list(range(1, 21))
    table = result([account(said, [1] * 20)])
    assert one(table, "1")["predicted"] == 39
    assert one(table, "10")["predicted"] == 3
    assert [one(table, str(t))["n"] for t in range(1, 11)] == [2] * 10


def test_tests_are_added_up_and_customers_drawn_whole():
    both = [
        account([10, 20], [10, 0]),
        account([30, 40], [35, 40], window="2011-06-11"),
    ]
    table = result(both, draws=4_000)
    found = one(table, "all", "pooled")
    assert (found["n"], found["predicted"], found["actual"]) == (4, 100, 85)
    # Two customers, of 45 and 40 over both tests: a draw is 80, 85 or 90.
    assert (found["low"], found["high"]) == (80, 90)


def test_nothing_said_has_no_ratio():
    found = one(result([account([0, 0], [1, 2])]), "all")
    assert found["ratio"] is None
    assert found["actual"] == 3


@given(st.integers(0, 99))
def test_parts_add_up_and_the_order_of_rows_changes_no_bit(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(12, 60))
    said, actual = rng.gamma(1, 100, rows), rng.normal(50, 100, rows)
    states = rng.integers(0, 3, rows)
    plain = account(said, actual, states)
    turn = rng.permutation(rows)
    turned = SumBacktest(
        plain.window,
        plain.customers[turn],
        states[turn],
        account(said[turn], actual[turn]).predictions,
    )
    table = result([plain], draws=100)
    assert table.equals(result([turned], draws=100))
    whole = one(table, "all")
    for parts in (IDS, [str(t) for t in range(1, 11)]):
        sums = table.filter(pl.col("part").is_in(list(parts)))
        assert sums["predicted"].sum() == pytest.approx(whole["predicted"])
        assert sums["actual"].sum() == pytest.approx(whole["actual"])


def world(probabilities, seed=0, customers=4_000):
    """Return what came of true chances, and what others said of them."""
    rng = np.random.default_rng(seed)
    states, base = rng.integers(0, 3, customers), rng.gamma(1, 100, customers)
    labels = (rng.random(customers)[:, None] > MOVES[states].cumsum(axis=1)).sum(axis=1)
    said = SPEND.forecast(base, probabilities[states])
    came = SPEND.forecast(base, np.eye(3)[labels])
    claims = (
        PredictedAmount("value_at_risk", "model", said.risk, came.risk),
        PredictedAmount("expected_value", "model", said.expected, came.expected),
    )
    who = np.array([f"c{i:05d}" for i in range(customers)])
    return SumBacktest("2011-03-12", who, states, claims)


@pytest.mark.parametrize("measure", ["value_at_risk", "expected_value"])
def test_true_chances_are_borne_out_in_sum_and_by_segment(measure):
    table = result([world(MOVES)]).filter(measure=measure)
    for part in ("all", "S1", "S2"):
        found = one(table, part)
        assert found["ratio_low"] < 1 < found["ratio_high"]
        assert found["ratio"] == pytest.approx(1, abs=0.06)


def test_chances_that_cry_wolf_are_caught():
    wolf = 0.7 * MOVES + 0.3 * np.eye(3)[0]
    found = one(result([world(wolf)]).filter(measure="value_at_risk"), "all")
    assert found["ratio_high"] < 1


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside = 0
    for seed in range(40):
        asked = world(MOVES, seed, customers=600)
        found = one(result([asked]).filter(measure="value_at_risk"), "all")
        inside += found["ratio_low"] <= 1 <= found["ratio_high"]
    assert inside >= 34
