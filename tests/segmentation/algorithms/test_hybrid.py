"""The hybrid joins Gaussians that overlap."""

import numpy as np
import pytest

from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints
from segpredict.segmentation.algorithms.gmm import GaussianMixtureRule
from segpredict.segmentation.algorithms.hybrid import _merged, _overlaps


def test_the_bhattacharyya_distance_is_that_worked_out_by_hand():
    # Equal variances 4, means 6 apart: 36 / 4 / 8 = 1.125. Variances 1 and 4, one
    # mean: ½ ln(2.5 / 2) = 0.1116.
    means = np.array([[0.0], [6.0], [6.0]])
    fine = GaussianMixtureRule(np.ones(3) / 3, means, np.array([[[4.0]], [[4.0]], [[1.0]]]))
    distances = _overlaps(fine)
    assert distances[0, 1] == pytest.approx(1.125)
    assert distances[1, 2] == pytest.approx(0.5 * np.log(1.25))
    assert np.diag(distances) == pytest.approx(np.zeros(3), abs=1e-12)


def test_a_joined_group_has_the_mean_and_variance_of_its_parts():
    fine = GaussianMixtureRule(
        np.array([0.25, 0.25, 0.5]), np.array([[0.0], [2.0], [9.0]]), np.ones((3, 1, 1))
    )
    joined = _merged(fine, np.array([0, 0, 1]))
    assert joined.weights.tolist() == [0.5, 0.5]
    assert joined.means.tolist() == [[1.0], [9.0]]
    assert joined.covariances.ravel().tolist() == [2.0, 1.0]


def test_a_long_group_is_left_whole_where_centres_would_cut_it():
    rng = np.random.default_rng(6)
    long = rng.uniform(0, 1, (900, 2)) * [12.0, 0.6]
    distances = rng.normal([6.0, 3.2], 0.3, (450, 2))
    matrix, truth = np.concatenate([long, distances]), np.repeat([0, 1], [900, 450])
    found = CLUSTERERS.get("hybrid").fit(WeightedPoints.from_matrix(matrix), 2, seed=0, n_init=2)
    alike = (found.assign(matrix) == truth).mean()
    assert max(alike, 1 - alike) > 0.95
