import numpy as np
import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segpredict.classifier import Backtest
from segpredict.classifier.decisions.rule import (
    GAMMA_GRID,
    DecisionRule,
    macro_f1_of_labels,
    tune_gamma,
)
from segpredict.config.classifier import ClassifierOptions
from segpredict.errors import ConfigError

PROBABILITIES = arrays(np.float64, (5, 3), elements=st.floats(0.01, 1.0))


def decision(rule, gamma=0.0, mix=(0.7, 0.2, 0.1), values=(0.0, 10.0, 100.0)):
    return DecisionRule(rule, gamma, mix, values)


def test_the_balanced_rule_divides_by_the_share_of_the_segment():
    # .5 / .7 < .3 / .2 = 1.5 < .2 / .1 = 2
    probabilities = np.array([[0.5, 0.3, 0.2]])
    assert decision("balanced", 1.0).predict(probabilities).tolist() == [2]


def test_the_cost_rule_takes_the_segment_with_the_least_expected_error():
    # 0: .3·10 + .2·100 = 23; 1: .5·10 + .2·90 = 23; 2: .5·100 + .3·90 = 77
    # with a little more in the middle: 0: 23.1, 1: 22.9
    probabilities = np.array([[0.49, 0.31, 0.2]])
    assert decision("cost").predict(probabilities).tolist() == [1]
    assert decision("argmax").predict(probabilities).tolist() == [0]


@given(PROBABILITIES)
def test_a_gamma_of_zero_is_argmax(probabilities):
    balanced = decision("balanced", 0.0)
    assert np.array_equal(balanced.predict(probabilities), probabilities.argmax(axis=1))


@given(PROBABILITIES, st.sampled_from(["argmax", "balanced", "cost"]))
def test_a_name_needs_no_other_customers(probabilities, rule):
    rules = decision(rule, 0.6)
    alone = [int(rules.predict(row[None])[0]) for row in probabilities]
    assert rules.predict(probabilities).tolist() == alone


def test_the_tuned_gamma_has_the_best_macro_f1_on_the_rehearsals():
    rng = np.random.default_rng(3)
    truth = rng.dirichlet([6.0, 1.0, 1.0], 3000)
    labels = (truth.cumsum(axis=1) < rng.random((3000, 1))).sum(axis=1)
    who = np.array([str(i) for i in range(3000)])
    one = Backtest(0, who, labels, labels, {"m": truth})
    mix = (0.75, 0.125, 0.125)
    best = tune_gamma([one], "m", mix)
    scores = {
        g: macro_f1_of_labels(decision("balanced", g, mix).predict(truth), labels, 3)
        for g in GAMMA_GRID
    }
    assert best > 0
    assert scores[best] == max(scores.values()) > scores[0.0]


def test_nothing_is_tuned_without_rehearsals():
    assert tune_gamma((), "m", (0.5, 0.5)) == 0.0


def test_an_unknown_rule_is_refused():
    with pytest.raises(ConfigError, match="decision"):
        ClassifierOptions(decision_rule="dice")


def test_a_decision_survives_its_state():
    rule = decision("balanced", 0.4)
    again = DecisionRule.from_state(rule.to_state())
    probabilities = worlds.backtests(0)[0].probabilities["m"]
    assert np.array_equal(again.predict(probabilities), rule.predict(probabilities))
