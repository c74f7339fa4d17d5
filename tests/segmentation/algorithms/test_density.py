"""Density finds its own number; what it leaves out goes with the nearest, counted."""

import numpy as np
import pytest

from segpredict.errors import SupportError
from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints
from segpredict.segmentation.algorithms.dbscan import groups_from_density


def blobs(*sizes: int, noise: int = 0) -> np.ndarray:
    rng = np.random.default_rng(0)
    parts = [rng.normal([4.0 * i, 0.0], 0.2, (n, 2)) for i, n in enumerate(sizes)]
    far = np.stack([np.linspace(-40, 40, noise), np.full(noise, 30.0)], axis=1)
    return np.concatenate([*parts, far])


@pytest.mark.parametrize("name", ["dbscan", "hdbscan"])
def test_the_number_of_groups_is_found_whatever_was_asked(name):
    points = WeightedPoints.from_matrix(blobs(200, 200, 200, 200))
    found = CLUSTERERS.get(name).fit(points, 2, seed=0, n_init=1)
    assert found.k == 4


@pytest.mark.parametrize("name", ["dbscan", "hdbscan"])
def test_what_lies_apart_is_counted_as_noise_and_has_a_group(name):
    matrix = blobs(300, 300, noise=20)
    found = CLUSTERERS.get(name).fit(WeightedPoints.from_matrix(matrix), 2, seed=0, n_init=1)
    assert found.noise_share == pytest.approx(20 / 620, abs=0.02)
    assert set(found.assign(matrix[-20:]).tolist()) <= set(range(found.k))


def test_a_region_too_small_is_noise():
    places = np.array([[0.0], [1.0], [9.0]])
    weights = np.array([60, 39, 1])
    points = WeightedPoints.from_matrix(places, weights)
    found = groups_from_density(points, places, np.array([0, 1, 2]), weights, 0.02)
    assert found.k == 2
    assert found.noise_share == pytest.approx(0.01)
    assert found.assign(np.array([[9.0]])).tolist() == [1]


def test_of_more_regions_than_names_the_smallest_are_noise():
    places = np.arange(10.0)[:, None]
    weights = np.arange(10, 20)
    found = groups_from_density(
        WeightedPoints.from_matrix(places, weights), places, np.arange(10), weights, 0.0
    )
    assert found.k == 8
    assert found.noise_share == pytest.approx(21 / 145)


def test_noise_alone_is_refused():
    places, weights = np.arange(3.0)[:, None], np.ones(3, dtype=np.int64)
    with pytest.raises(SupportError, match="density finds no groups"):
        groups_from_density(
            WeightedPoints.from_matrix(places), places, np.full(3, -1), weights, 0.0
        )
