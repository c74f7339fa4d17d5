"""The number of groups: gates first, then silhouette, all candidates on record."""

import numpy as np
import pytest

from segpredict.errors import SupportError
from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints
from segpredict.segmentation.selection.choose_k import (
    SegmentCountCandidate,
    SizeGates,
    choose_segment_count,
)


def rows(*groups: tuple[float, float, int]) -> WeightedPoints:
    rng = np.random.default_rng(5)
    parts = [np.array([x, y]) + rng.normal(0, 0.1, (size, 2)) for x, y, size in groups]
    return WeightedPoints.from_matrix(np.concatenate(parts))


def pick(points: WeightedPoints, gates: SizeGates, ks=(2, 3, 4, 5)):
    return choose_segment_count(CLUSTERERS.get("kmeans"), points, ks, gates, seed=0, n_init=5)


FOUR = [(-3.0, 0.0, 100), (-1.0, 3.0, 100), (1.0, -3.0, 100), (3.0, 0.0, 100)]


def test_the_planted_number_of_groups_wins():
    choice = pick(rows(*FOUR), SizeGates())
    assert choice.clusters.k == 4
    assert [c.k for c in choice.candidates] == [2, 3, 4, 5]
    assert [c.k for c in choice.candidates if c.is_selected] == [4]


def test_a_group_too_small_closes_the_gate():
    lopsided = rows((-3.0, 0.0, 300), (3.0, 0.0, 290), (9.0, 9.0, 4))
    choice = pick(lopsided, SizeGates(min_share=0.02), ks=(2, 3))
    assert choice.candidates[1].failed_gates == ("min_share",)
    assert choice.clusters.k == 2


def test_neighbours_of_equal_value_close_the_gate():
    columns = rows((0.0, 0.0, 90), (0.0, 4.0, 90), (4.0, 0.0, 90))
    choice = pick(columns, SizeGates(max_share=0.7, min_value_step=0.5), ks=(2, 3))
    assert choice.candidates[1].silhouette > choice.candidates[0].silhouette
    assert choice.candidates[1].failed_gates == ("min_step",)
    assert choice.clusters.k == 2


def test_without_a_pass_the_coarsest_of_the_nearest_is_taken():
    choice = pick(rows(*FOUR), SizeGates(min_customers=1000), ks=(3, 4))
    assert [c.failed_gates for c in choice.candidates] == [("min_rows",), ("min_rows",)]
    assert choice.clusters.k == 3


def test_numbers_above_the_distinct_points_are_skipped():
    points = WeightedPoints.from_matrix(np.array([[0.0], [1.0], [2.0]]))
    assert [c.k for c in pick(points, SizeGates()).candidates] == [2, 3]


def test_an_algorithm_that_finds_the_number_itself_is_tried_once():
    near = np.linspace(0, 1, 50)[:, None]
    points = WeightedPoints.from_matrix(np.concatenate([near, near + 9]))
    dbscan = CLUSTERERS.get("dbscan")
    choice = choose_segment_count(dbscan, points, (3, 4), SizeGates(), seed=0, n_init=1)
    assert [c.k for c in choice.candidates] == [2]


def test_one_dense_region_is_no_grouping():
    points = WeightedPoints.from_matrix(np.linspace(0, 1, 50)[:, None])
    with pytest.raises(SupportError, match="one dense region"):
        choose_segment_count(CLUSTERERS.get("dbscan"), points, (3,), SizeGates(), seed=0, n_init=1)


def test_numbers_that_the_algorithm_cannot_make_are_left_out():
    # Seven points, and no more than four levels of the grid of two axes.
    points = WeightedPoints.from_matrix(np.array([[i, i] for i in (0, 0, 0, 0, 1, 2, 3)]) * 1.0)
    rules = CLUSTERERS.get("rules")
    choice = choose_segment_count(rules, points, (2, 3, 4, 5, 6), SizeGates(), seed=0, n_init=1)
    assert [c.k for c in choice.candidates] == [2, 3, 4]
    with pytest.raises(SupportError) as caught:
        choose_segment_count(rules, points, (5,), SizeGates(), seed=0, n_init=1)
    assert "config={'segmentation': {'k': 4}} " in caught.value.fix


def test_fewer_points_than_the_least_number_are_refused():
    with pytest.raises(SupportError, match="2 groups were asked for"):
        pick(WeightedPoints.from_matrix(np.zeros((9, 2))), SizeGates())


@pytest.mark.parametrize(
    ("gates", "failed"),
    [
        (SizeGates(min_share=0.1, max_share=0.6), ()),
        (SizeGates(min_share=0.11, max_share=0.59), ("min_share", "max_share")),
        (SizeGates(min_customers=10), ()),
        (SizeGates(min_customers=11), ("min_rows",)),
        (SizeGates(min_value_step=0.5), ()),
        (SizeGates(min_value_step=0.51), ("min_step",)),
    ],
)
def test_a_gate_is_open_on_its_bound(gates, failed):
    tried = SegmentCountCandidate(
        3, 0.4, 1.0, smallest_share=0.1, largest_share=0.6, value_step=0.5
    )
    assert gates.failed_gates(tried, rows=100) == failed
