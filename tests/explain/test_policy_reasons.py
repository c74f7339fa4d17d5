"""Reasons explain the predicted segment, whichever model predicts it."""

import numpy as np
import polars as pl
import pytest
from planted_drivers import CLASSES, DECLARED, NAMES, knowing, trees_alone

from segpredict.classifier import EnsembleModel, XgboostModel
from segpredict.classifier.decisions.policy import fit_policy
from segpredict.classifier.decisions.rule import DecisionRule
from segpredict.classifier.models.baselines import BASELINES
from segpredict.explain import ForecastExplainer, build_explainer
from segpredict.explain.importance import target_and_reference


@pytest.fixture(scope="module")
def silent(booster, frame) -> ForecastExplainer:
    """Return the explainer of a chain that sends everybody into silence."""
    chain = {"kind": "markov", "transition_matrix": [[0.8, 0.1, 0.1]] * 3}
    selected = BASELINES.get("markov").from_state(chain)
    return build_explainer(selected, ensemble(booster), frame, CLASSES, DECLARED)


def ensemble(booster) -> EnsembleModel:
    return trees_alone(XgboostModel(booster, NAMES, (0.0,) * 3))


def asked_of(table: pl.DataFrame) -> list[str]:
    contrasts = table.filter(pl.col("against_id").is_not_null())
    return contrasts["class_id"].unique().sort().to_list()


def test_where_a_baseline_ships_its_forecast_is_asked_about(silent, frame):
    assert asked_of(silent.explain(frame).contributions) == ["S0"]
    assert set(silent.explain_reasons(frame)["next_id"]) == {"S0"}


def test_the_movers_are_those_that_the_baseline_predicts(silent, frame):
    moves = silent.explain(frame).transition_drivers
    expected = moves.filter(from_id="S1", to_id="S0")["expected"][0]
    assert expected == pytest.approx(0.8 * (frame["state_now"] == 1).sum())


def test_it_still_does_after_it_was_saved(silent, booster, frame):
    selected = (silent.model.selected_model, ensemble(booster))
    again = ForecastExplainer.from_state(silent.to_state(), *selected, CLASSES, DECLARED)
    assert again.explain_reasons(frame).equals(silent.explain_reasons(frame))


def test_a_rule_that_names_another_than_the_likeliest_is_asked_about(booster, frame):
    rare = DecisionRule("balanced", 1.0, (1.0, 1.0, 1e-9), (0.0, 1.0, 2.0))
    policy = fit_policy([], "ensemble", rare, 0.1)
    maker = knowing(booster, frame).with_policy(policy)
    assert asked_of(maker.explain(frame).contributions) == ["S2"]
    assert len(asked_of(knowing(booster, frame).explain(frame).contributions)) == 3


def test_a_named_segment_is_compared_with_staying_or_with_the_likeliest_other():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]])
    towards, against = target_and_reference(probabilities, np.array([1, 2]), np.array([2, 2]))
    assert (towards.tolist(), against.tolist()) == ([2, 2], [1, 0])
