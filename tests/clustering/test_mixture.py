"""The mixture rule gives a row to the likeliest Gaussian, shape and share counted."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from segpredict.clustering import Mixture

WIDE_AND_NARROW = Mixture(
    np.array([0.5, 0.5]), np.array([[0.0], [0.0]]), np.array([[[9.0]], [[0.01]]])
)


def test_a_narrow_group_lies_inside_a_wide_one():
    asked = np.array([[0.0], [0.2], [1.0], [-4.0]])
    assert WIDE_AND_NARROW.assign(asked).tolist() == [1, 1, 0, 0]


def test_of_two_equal_groups_the_larger_draws_the_middle():
    rule = Mixture(
        np.array([0.2, 0.8]), np.array([[0.0], [2.0]]), np.ones((2, 1, 1)) * 1.0
    )
    assert rule.assign(np.array([[1.0]])).tolist() == [1]
    assert rule.chances(np.array([[1.0]]))[0] == pytest.approx([0.2, 0.8])


def test_its_densities_are_those_of_scipy():
    rng = np.random.default_rng(0)
    asked = rng.normal(size=(20, 3))
    roots = rng.normal(size=(2, 3, 3))
    shapes = roots @ roots.transpose(0, 2, 1) + np.eye(3)
    rule = Mixture(np.array([0.3, 0.7]), rng.normal(size=(2, 3)), shapes)
    expected = [
        multivariate_normal(m, c).logpdf(asked) + np.log(s)
        for s, m, c in zip(rule.shares, rule.means, rule.covariances, strict=True)
    ]
    assert np.allclose(rule.joint(asked), np.transpose(expected))


def test_a_component_without_a_share_stays_finite_and_draws_nobody():
    rule = Mixture(np.array([1.0, 0.0]), np.array([[0.0], [0.1]]), np.ones((2, 1, 1)))
    chances = rule.chances(np.array([[0.1], [900.0]]))
    assert np.isfinite(chances).all()
    assert rule.assign(np.array([[0.1]])).tolist() == [0]
