"""Landmarks draw a row to the groups of the nearest of them."""

import numpy as np

from segpredict.segmentation.algorithms._assignment_rule import NearestLandmarks

RING = NearestLandmarks(
    np.array([[0.0, 0.0], [3.0, 0.0], [-3.0, 0.0], [0.0, 3.0], [0.0, -3.0]]),
    np.array([0, 1, 1, 1, 1]),
)


def test_a_group_may_lie_around_another():
    asked = np.array([[0.5, 0.5], [2.9, 0.1], [-9.0, 0.0], [0.0, -2.0]])
    assert RING.assign(asked).tolist() == [0, 1, 1, 1]
