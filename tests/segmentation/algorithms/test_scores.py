"""The silhouette agrees with scikit-learn and does not change with the order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from segpredict.segmentation.algorithms import Clusters, NearestCentre, WeightedPoints
from segpredict.segmentation.selection.choose_k import cluster_shares, silhouette_scores


def around(centres: list[list[float]]) -> Clusters:
    return Clusters(NearestCentre(np.array(centres)), np.array(centres))


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_it_is_the_silhouette_of_the_repeated_rows(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 6, (60, 2)).astype(float)
    groups = around([[1.0, 1.0], [1.0, 4.0], [4.0, 3.0]])
    expected = silhouette_score(matrix, groups.assign(matrix))
    assert silhouette_scores(WeightedPoints.from_matrix(matrix), groups)[0] == pytest.approx(
        expected, abs=1e-6
    )


def test_a_sample_comes_close_to_the_full_figure():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(4000, 2))
    groups = around([[-1.0, 0.0], [1.0, 0.0]])
    points = WeightedPoints.from_matrix(matrix)
    full, few = (
        silhouette_scores(points, groups, limit=4000),
        silhouette_scores(points, groups, limit=800),
    )
    assert few[0] == pytest.approx(full[0], abs=0.01)


def test_several_groupings_are_scored_in_their_order():
    points = WeightedPoints.from_matrix(np.array([[0.0], [1.0], [10.0], [11.0]]))
    good, bad = around([[0.5], [10.5]]), around([[0.0], [6.0]])
    first, second = silhouette_scores(points, good, bad)
    assert (first, second) == (
        silhouette_scores(points, good)[0],
        silhouette_scores(points, bad)[0],
    )
    assert first >= second


def test_points_alone_in_their_group_score_nothing():
    assert silhouette_scores(
        WeightedPoints.from_matrix(np.array([[0.0], [5.0]])), around([[0.0], [5.0]])
    ) == [0.0]


def test_one_group_has_no_silhouette():
    assert silhouette_scores(
        WeightedPoints.from_matrix(np.array([[0.0], [5.0]])), around([[1.0]])
    ) == [0.0]


def test_a_group_without_members_has_no_share():
    points = WeightedPoints.from_matrix(np.array([[0.0], [1.0]]))
    assert cluster_shares(points, around([[0.0], [1.0], [9.0]])) == (0.5, 0.5, 0.0)
