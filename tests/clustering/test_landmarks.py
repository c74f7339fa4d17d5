"""Landmarks draw a row to the groups of the nearest of them."""

import numpy as np

from segpredict.clustering import Landmarks

RING = Landmarks(
    np.array([[0.0, 0.0], [3.0, 0.0], [-3.0, 0.0], [0.0, 3.0], [0.0, -3.0]]),
    np.array([0, 1, 1, 1, 1]),
)


def test_a_group_may_lie_around_another():
    asked = np.array([[0.5, 0.5], [2.9, 0.1], [-9.0, 0.0], [0.0, -2.0]])
    assert RING.assign(asked).tolist() == [0, 1, 1, 1]


def test_the_majority_of_the_nearest_decides():
    rule = Landmarks(np.array([[0.0], [2.0], [2.1], [9.0]]), np.array([0, 1, 1, 0]), 3)
    assert rule.assign(np.array([[0.9]])).tolist() == [1]


def test_of_equal_votes_the_nearest_decides_whatever_its_number():
    rule = Landmarks(np.array([[0.0], [3.0]]), np.array([1, 0]), 2)
    assert rule.assign(np.array([[1.0], [2.0]])).tolist() == [1, 0]
    assert rule.ordered([1, 0]).assign(np.array([[1.0], [2.0]])).tolist() == [0, 1]


def test_more_votes_than_landmarks_are_no_error():
    rule = Landmarks(np.array([[0.0], [3.0]]), np.array([0, 1]), 15)
    assert rule.assign(np.array([[0.5]])).tolist() == [0]
