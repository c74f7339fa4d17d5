"""One segment against another: the only thing that margins can tell."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from planted_drivers import CLASSES, told

from segpredict.explain.groups import FeatureGroup
from segpredict.explain.importance import (
    contrast_contributions,
    target_and_reference,
    transition_drivers,
)

ONE = (FeatureGroup("x", "f", "Other", ("x",)), FeatureGroup("y", "f", "Other", ("y",)))


def test_who_stays_is_compared_with_the_likeliest_move():
    probabilities = np.array([[0.2, 0.7, 0.1], [0.1, 0.7, 0.2]])
    towards, against = target_and_reference(probabilities, np.array([1, 1]))
    assert (towards.tolist(), against.tolist()) == ([1, 1], [0, 2])


def test_who_moves_is_compared_with_staying():
    towards, against = target_and_reference(np.array([[0.6, 0.3, 0.1]]), np.array([2]))
    assert (towards.tolist(), against.tolist()) == ([0], [2])


def test_a_constant_of_a_customer_drops_out():
    cube = np.random.default_rng(0).normal(size=(4, 3, 2))
    lifted = cube + np.array([1.0, -2.0, 3.0, 0.5])[:, None, None]
    requested = (np.array([0, 1, 2, 0]), np.array([1, 2, 0, 2]))
    assert_allclose(
        contrast_contributions(cube, *requested), contrast_contributions(lifted, *requested)
    )


def test_the_contrast_of_a_customer_is_the_difference_of_two_margins(booster, frame):
    found = told(booster, frame, 90)
    ids = [c.id for c in CLASSES]
    rows = found.contributions.filter(found.contributions["against_id"].is_not_null())
    to = [ids.index(i) for i in rows["class_id"].gather_every(4)]
    by = [ids.index(i) for i in rows["against_id"].gather_every(4)]
    assert_allclose(
        found.contrast_contributions(), contrast_contributions(found.contribution_array(), to, by)
    )


def test_movers_are_weighed_by_their_chance_to_move():
    # Two kinds of customers of S1: those with a high x are the ones who go to S2.
    cube = np.zeros((100, 3, 2))
    cube[:50, 2, 0] = 2.0
    probabilities = np.tile([0.0, 0.9, 0.1], (100, 1))
    probabilities[:50] = [0.0, 0.1, 0.9]
    customers = {"states": np.ones(100, int), "probabilities": probabilities, "weight": 1.0}
    found = transition_drivers(cube, ("x", "y"), ONE, CLASSES, **customers)
    row = found.filter(from_id="S1", to_id="S2").row(0, named=True)
    assert (row["name"], row["rank"]) == ("x", 1)
    assert row["expected"] == pytest.approx(50)
    assert row["movers"] == pytest.approx(2 * 45 / 50)
    assert row["stayers"] == pytest.approx(2 * 5 / 50)
    assert row["odds_ratio"] == pytest.approx(np.exp(1.6))


def test_a_move_of_too_few_is_not_told_of():
    customers = {
        "states": np.ones(100, int),
        "probabilities": np.tile([0.0, 0.9, 0.1], (100, 1)),
        "weight": 1.0,
    }
    assert transition_drivers(
        np.zeros((100, 3, 2)), ("x", "y"), ONE, CLASSES, **customers
    ).is_empty()
    ten_times = customers | {"weight": 10.0}
    found = transition_drivers(np.zeros((100, 3, 2)), ("x", "y"), ONE, CLASSES, **ten_times)
    assert found["expected"].unique().to_list() == [pytest.approx(100)]


def test_the_planted_driver_leads_every_move(booster, frame):
    found = told(booster, frame).transition_drivers
    assert set(found.filter(rank=1)["name"]) == {"driver"}
