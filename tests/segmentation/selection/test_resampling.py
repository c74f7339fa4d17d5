"""Samples: as many rows as asked for, whatever ids they bear, equal under one seed."""

import numpy as np
import pytest

from segpredict.segmentation.algorithms import WeightedPoints
from segpredict.segmentation.selection import resampling


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(2)
    x = rng.normal(0, 1, 3000)
    return WeightedPoints.from_matrix(np.stack([x, 0.8 * x + rng.normal(0, 0.4, 3000)], axis=1))


def moments(points):
    rows = np.repeat(points.matrix, points.weights, axis=0)
    return rows.mean(axis=0), np.cov(rows.T)


def test_a_systematic_sample_has_the_rows_asked_for_and_their_spread(points):
    few = resampling.systematic_sample(points, 1000)
    assert few.n_rows == 1000
    assert np.allclose(moments(few)[1], moments(points)[1], atol=0.05)


def test_a_bootstrap_has_as_many_rows_and_repeats_some(points):
    drawn = resampling.bootstrap_sample(points, 0, 0)
    assert drawn.n_rows == points.n_rows
    assert len(drawn) < len(points)


def test_draws_differ_and_come_back_under_their_seed(points):
    first, again, other = (resampling.bootstrap_sample(points, 0, draw) for draw in (0, 0, 1))
    assert (first.integer_coordinates == again.integer_coordinates).all()
    assert (
        len(first) != len(other) or (first.integer_coordinates != other.integer_coordinates).any()
    )


def test_halves_part_the_rows():
    points = WeightedPoints.from_matrix(np.repeat([[1.0], [2.0]], [6, 4], axis=0))
    one, other = resampling.random_halves(points, 0, 0)
    assert (one.n_rows, other.n_rows) == (5, 5)
    both = dict.fromkeys((1.0, 2.0), 0)
    for half in (one, other):
        for place, weight in zip(half.matrix[:, 0], half.weights, strict=True):
            both[place] += int(weight)
    assert both == {1.0: 6, 2.0: 4}


def test_the_gaussian_null_keeps_the_covariance(points):
    null = resampling.gaussian_null(points, 0, 0)
    assert null.n_rows == points.n_rows
    assert np.allclose(moments(null)[1], moments(points)[1], atol=0.08)


def test_the_permuted_null_keeps_each_column_and_nothing_between(points):
    null = resampling.permuted_null(points, 0, 0)
    for axis in (0, 1):
        own, there = (
            np.sort(np.repeat(p.integer_coordinates[:, axis], p.weights)) for p in (points, null)
        )
        assert (own == there).all()
    assert abs(moments(null)[1][0, 1]) < 0.1


def test_a_null_of_a_constant_column_stays_finite():
    flat = WeightedPoints.from_matrix(np.stack([np.arange(50.0), np.ones(50)], axis=1))
    assert np.isfinite(resampling.gaussian_null(flat, 0, 0).matrix).all()
