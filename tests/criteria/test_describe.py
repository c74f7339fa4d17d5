"""Describability: what a small tree can tell."""

import numpy as np

from segpredict.clustering import Points
from segpredict.criteria.describe import describability


def test_boxes_can_be_told_and_small_ones_count_as_much():
    rng = np.random.default_rng(0)
    points = Points.of(rng.uniform(0, 1, (500, 2)))
    corner = (points.matrix > 0.9).all(axis=1).astype(np.intp)
    assert describability(points, corner) == 1.0


def test_a_ring_cannot_be_told_in_eight_leaves():
    rng = np.random.default_rng(0)
    points = Points.of(rng.normal(0, 1, (2000, 4)))
    radius = np.sqrt((points.matrix**2).sum(axis=1))
    ring = (radius > np.median(radius)).astype(np.intp)
    assert describability(points, ring) < 0.85
