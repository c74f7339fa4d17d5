"""K-means finds planted groups, and the same ones whatever the order of the rows."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.errors import ConfigError, UnknownNameError
from segpredict.segmentation.algorithms import (
    CLUSTERERS,
    Clusters,
    WeightedPoints,
    euclidean_distances,
)


def planted(rows: int = 900, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.arange(rows) % 3
    middles = np.array([[-2.0, -1.0], [0.0, 2.0], [2.5, 0.0]])
    return middles[truth] + rng.normal(0, 0.3, (rows, 2)), truth


def test_as_many_groups_as_points_put_a_centre_on_each():
    points = WeightedPoints.from_matrix(np.array([[0.0], [0.0], [1.0], [5.0]]))
    found = CLUSTERERS.get("kmeans").fit(points, 3, seed=0, n_init=5)
    assert found.centres.tolist() == [[0.0], [1.0], [5.0]]
    assert found.inertia == 0.0


def test_repeated_rows_pull_the_centre_by_their_number():
    points = WeightedPoints.from_matrix(np.array([[0.0]] * 3 + [[1.0], [100.0]]))
    found = CLUSTERERS.get("kmeans").fit(points, 2, seed=0, n_init=5)
    assert found.centres.tolist() == [[0.25], [100.0]]


def test_a_large_matrix_is_settled_on_all_of_its_points():
    matrix, _ = planted(rows=30_000)
    points = WeightedPoints.from_matrix(matrix)
    found = CLUSTERERS.get("kmeans").fit(points, 3, seed=0, n_init=3)
    labels = found.assign(points.matrix)
    means = [points.matrix[labels == g].mean(axis=0) for g in range(3)]
    assert len(points) > 10_000
    assert np.allclose(found.centres, means, atol=1e-9)


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=30))
def test_every_point_goes_to_its_nearest_centre(cells):
    matrix = np.array(cells, dtype=float)
    points = WeightedPoints.from_matrix(matrix)
    k = min(3, len(points))
    found = CLUSTERERS.get("kmeans").fit(points, k, seed=0, n_init=2)
    distances = euclidean_distances(matrix, found.centres)
    own = distances[np.arange(len(matrix)), found.assign(matrix)]
    assert (own == distances.min(axis=1)).all()


def test_an_option_of_the_algorithm_can_be_set_and_no_other():
    assert CLUSTERERS.get("kmeans").with_settings({"sample_rows": 500}).sample_rows == 500
    with pytest.raises(UnknownNameError, match=r"setting of kmeans named .samples"):
        CLUSTERERS.get("kmeans").with_settings({"samples": 500})
    with pytest.raises(ConfigError, match=r"sample_rows is 'many'"):
        CLUSTERERS.get("kmeans").with_settings({"sample_rows": "many"})


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("kmeans", {"sample_rows": 0}, "greater than 0"),
        ("gmm", {"reg_covar": -0.1}, "greater than 0"),
        ("dbscan", {"eps": -1}, "greater than or equal to 0"),
        ("gmm", {"covariance_type": 3}, "'full', 'diag', 'tied' or 'auto'"),
        ("kmeans", {"sample_rows": True}, "sample_rows is True"),
    ],
)
def test_an_option_out_of_its_range_is_refused(name, settings, said):
    with pytest.raises(ConfigError, match=said):
        CLUSTERERS.get(name).with_settings(settings)


def test_groups_come_back_from_their_state_equal():
    matrix, _ = planted()
    found = CLUSTERERS.get("kmeans").fit(WeightedPoints.from_matrix(matrix), 3, seed=0, n_init=2)
    back = Clusters.from_state(json.loads(json.dumps(found.to_state())))
    assert back == found
    assert (back.assign(matrix) == found.assign(matrix)).all()


def test_a_radius_reaches_to_the_members():
    points = WeightedPoints.from_matrix(np.array([[0.0], [1.0], [10.0], [11.0]]))
    found = CLUSTERERS.get("kmeans").fit(points, 2, seed=0, n_init=2)
    assert found.group_radii == pytest.approx((0.5, 0.5), abs=1e-4)


def test_one_row_in_a_hundred_may_lie_beyond_the_radius():
    points = WeightedPoints.from_matrix(
        np.array([[0.0]] * 98 + [[1.0], [2.0], [60.0]] + [[60.0]] * 9)
    )
    found = CLUSTERERS.get("kmeans").fit(points, 2, seed=0, n_init=2)
    assert 1 < found.centres[0, 0] + found.group_radii[0] < 2
