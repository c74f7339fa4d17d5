"""Validity indices on weighted points, against other packages and known values."""

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from segpredict.segmentation.algorithms import WeightedPoints
from segpredict.segmentation.selection import stability
from segpredict.segmentation.selection.stability import eta_squared, tree_describability


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    blobs = [rng.normal(centre, 1.0, (60, 2)) for centre in (0.0, 2.0, 7.0)]
    few = np.round(np.concatenate(blobs), 1)  # so that several rows share a place
    return few[np.lexsort(few.T[::-1])]


@pytest.fixture(scope="module")
def points(rows):
    return WeightedPoints.from_matrix(rows)


def groups(matrix):
    return (matrix[:, 0] > 1).astype(np.intp) + (matrix[:, 0] > 4.5)


def test_points_carry_weights_here(points, rows):
    assert len(points) < len(rows)


def test_silhouette_is_scikit_learns_where_one_sample_holds_all(points, rows):
    folds = stability.SilhouetteFolds.from_sample(points)
    ours = folds.mean_silhouette([groups(m) for m in folds.distance_matrices])
    assert ours == pytest.approx(silhouette_score(rows, groups(rows)))


def test_samples_share_no_row_and_hold_all_that_fit():
    points = WeightedPoints.from_matrix(np.arange(2000.0)[:, None])
    folds = stability.SilhouetteFolds.from_sample(points)
    held = np.concatenate(folds.distance_matrices).ravel()
    assert [len(part) for part in folds.distance_matrices] == [667, 667, 666]
    assert sorted(held.tolist()) == list(range(2000))


def test_several_samples_have_the_mean_of_their_silhouettes():
    rng = np.random.default_rng(0)
    folds = stability.SilhouetteFolds.from_sample(
        WeightedPoints.from_matrix(rng.normal(0, 1, (3000, 2)))
    )
    labels = [(m[:, 0] > 0).astype(int) for m in folds.distance_matrices]
    assert 0.2 < folds.mean_silhouette(labels) < 0.4


def test_inertia_is_the_mean_squared_distance_of_a_row():
    points = WeightedPoints.from_matrix(np.array([[0.0], [0.0], [0.0], [4.0]]))
    assert stability.mean_inertia(points, np.array([0, 0])) == pytest.approx(3.0)


def test_boxes_can_be_told_and_small_ones_count_as_much():
    rng = np.random.default_rng(0)
    points = WeightedPoints.from_matrix(rng.uniform(0, 1, (500, 2)))
    corner = (points.matrix > 0.9).all(axis=1).astype(np.intp)
    assert tree_describability(points, corner) == 1.0


def test_a_ring_cannot_be_told_in_eight_leaves():
    rng = np.random.default_rng(0)
    points = WeightedPoints.from_matrix(rng.normal(0, 1, (2000, 4)))
    radius = np.sqrt((points.matrix**2).sum(axis=1))
    ring = (radius > np.median(radius)).astype(np.intp)
    assert tree_describability(points, ring) < 0.85


def test_eta_squared_is_the_share_between_groups():
    values = np.array([0.0, 2.0, 4.0, 6.0])  # total 20, within 2 + 2
    found, _ = eta_squared(values, np.array([0, 0, 1, 1]), np.arange(4))
    assert found == pytest.approx(1 - 4 / 20)


def test_equal_values_separate_nothing():
    assert eta_squared(np.ones(4), np.array([0, 0, 1, 1]), np.arange(4)) == (0.0, 0.0)


def test_the_error_is_that_of_repeated_samples():
    rng = np.random.default_rng(0)

    def sample():
        labels = rng.integers(0, 2, 400)
        return eta_squared(labels + rng.normal(0, 1, 400), labels, np.arange(400))

    found = np.array([sample() for _ in range(400)])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.1)


def test_rows_of_one_customer_are_no_further_news():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 200)
    values = labels + rng.normal(0, 1, 200)
    once = eta_squared(values, labels, np.arange(200))
    thrice = eta_squared(np.repeat(values, 3), np.repeat(labels, 3), np.repeat(np.arange(200), 3))
    assert thrice == pytest.approx(once)
