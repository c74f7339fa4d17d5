import json

import numpy as np
import pytest
import worlds

from segpredict.classifier.decisions.policy import DecisionPolicy, fit_policy
from segpredict.classifier.decisions.rule import DecisionRule
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.classifier.evaluation.decisions import evaluate_policies, reliability_and_capture

IDS = ("S0", "S1", "S2")
ASKED = DecisionRule("argmax", 0.0, (0.5, 0.3, 0.2), (0.0, 10.0, 50.0))


def learned(seed=0, alpha=0.1):
    return fit_policy(worlds.backtests(seed), "m", ASKED, alpha)


def told(policies, tests):
    card = evaluate_policies(tests, policies, "m", IDS, Resampling(200, 7))
    return {(r["window"], r["metric"]): r for r in card.to_dicts()}


@pytest.mark.parametrize("alpha", [0.1, 0.2])
def test_sets_cover_every_segment_as_asked_where_the_world_stays(alpha):
    tests = [worlds.backtest(999, np.random.default_rng(77))]
    found = told([learned(alpha=alpha)], tests)
    for metric in ("set_coverage", *(f"set_coverage_{i}" for i in IDS)):
        # The lowest threshold of three windows: on average a little more than asked.
        assert -0.02 < found["pooled", metric]["value"] - (1 - alpha) < 0.05
    row = found["pooled", "set_coverage"]
    assert row["low"] < row["value"] < row["high"]
    assert 1 < found["pooled", "set_size"]["value"] < 3


def test_sets_of_a_world_that_turns_over_confident_cover_less_and_say_so():
    tests = [worlds.backtest(999, np.random.default_rng(77), sharpen=3.0)]
    assert told([learned()], tests)["pooled", "set_coverage"]["high"] < 0.9


def test_a_test_that_nobody_rehearsed_tells_of_no_sets():
    tests = [worlds.backtest(999, np.random.default_rng(1))]
    found = told([fit_policy([], "m", ASKED, 0.1)], tests)
    assert ("pooled", "set_coverage") not in found
    assert ("pooled", "macro_f1_argmax") in found


def test_each_rule_is_best_at_what_it_is_for():
    tests = [worlds.backtest(999, np.random.default_rng(5))]
    found = told([learned()], tests)
    value = {m: row["value"] for (w, m), row in found.items() if w == "pooled"}
    assert value["accuracy_argmax"] >= value["accuracy_balanced"]
    assert value["cost_cost"] <= value["cost_argmax"]


def test_nobody_gets_an_empty_set():
    policy = learned()
    probabilities = np.full((1, 3), 1 / 3)
    assert policy.prediction_sets(probabilities).any()


def test_usage_survives_json():
    policy = learned()
    assert DecisionPolicy.from_state(json.loads(json.dumps(policy.to_state()))) == policy


def test_the_reliability_of_a_calibrated_world_lies_on_the_diagonal():
    tests = worlds.backtests(3, rows=10_000)
    drawn = reliability_and_capture(tests, "m", IDS).filter(kind="reliability")
    assert drawn.height == 30
    assert (drawn["x"] - drawn["y"]).abs().max() < 0.03
