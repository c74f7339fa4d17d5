"""Points are the matrix, sorted and counted; thinning keeps the weight of all."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segpredict.segmentation.algorithms import WeightedPoints

CELLS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=40)


def test_equal_rows_become_one_point_with_their_number():
    points = WeightedPoints.from_matrix(np.array([[1.0, 2.0], [0.0, 3.0], [1.0, 2.0], [1.0, 1.0]]))
    assert points.matrix.tolist() == [[0.0, 3.0], [1.0, 1.0], [1.0, 2.0]]
    assert points.weights.tolist() == [1, 1, 2]


def test_points_closer_than_a_millionth_are_one():
    assert len(WeightedPoints.from_matrix(np.array([[0.5], [0.5 + 1e-9]]))) == 1


@given(CELLS)
def test_the_weights_count_all_rows(cells):
    points = WeightedPoints.from_matrix(np.array(cells, dtype=float))
    assert points.n_rows == len(cells)
    assert len(points) == len(set(cells))


@given(CELLS, st.integers(1, 20))
def test_thinning_keeps_the_limit_and_the_rows(cells, limit):
    points = WeightedPoints.from_matrix(np.array(cells, dtype=float))
    few = points.quantize(limit)
    assert len(few) == min(limit, len(points))
    assert few.n_rows == points.n_rows
    assert set(map(tuple, few.integer_coordinates)) <= set(map(tuple, points.integer_coordinates))


def test_an_empty_group_keeps_its_place():
    points = WeightedPoints.from_matrix(np.array([[0.0], [2.0]]))
    before = np.array([[1.0], [9.0]])
    assert points.group_means(np.array([0, 0]), before).tolist() == [[1.0], [9.0]]


def test_observations_may_stand_for_several_rows():
    points = WeightedPoints.from_matrix(np.array([[2.0], [1.0], [2.0]]), np.array([3, 1, 4]))
    assert points.matrix.tolist() == [[1.0], [2.0]]
    assert points.weights.tolist() == [1, 7]


def test_rows_are_spread_out_as_often_as_they_are():
    points = WeightedPoints.from_matrix(np.array([[0.0], [0.0], [0.0], [1.0], [2.0], [2.0]]))
    assert points.sample_rows(9)[:, 0].tolist() == [0.0, 0.0, 0.0, 1.0, 2.0, 2.0]
    assert points.sample_rows(2)[:, 0].tolist() == [0.0, 2.0]
