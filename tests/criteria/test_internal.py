"""Internal criteria on weighted points, against scikit-learn on the rows themselves."""

import numpy as np
import pytest
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)

from segpredict.clustering import Points
from segpredict.criteria import internal


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    blobs = [rng.normal(centre, 1.0, (60, 2)) for centre in (0.0, 2.0, 7.0)]
    few = np.round(np.concatenate(blobs), 1)  # so that several rows share a place
    return few[np.lexsort(few.T[::-1])]


@pytest.fixture(scope="module")
def points(rows):
    return Points.of(rows)


def groups(matrix):
    return (matrix[:, 0] > 1).astype(np.intp) + (matrix[:, 0] > 4.5)


def test_points_carry_weights_here(points, rows):
    assert len(points) < len(rows)


def test_calinski_harabasz_is_scikit_learns(points, rows):
    ours = internal.calinski_harabasz(points, groups(points.matrix))
    assert ours == pytest.approx(calinski_harabasz_score(rows, groups(rows)))


def test_davies_bouldin_is_scikit_learns(points, rows):
    ours = internal.davies_bouldin(points, groups(points.matrix))
    assert ours == pytest.approx(davies_bouldin_score(rows, groups(rows)))


def test_silhouette_is_scikit_learns_where_one_sample_holds_all(points, rows):
    folds = internal.Folds.of(points)
    ours, spread = folds.silhouette([groups(m) for m in folds.matrices])
    assert ours == pytest.approx(silhouette_score(rows, groups(rows)))
    assert spread is None


def test_samples_share_no_row_and_hold_all_that_fit():
    points = Points.of(np.arange(2000.0)[:, None])
    folds = internal.Folds.of(points)
    held = np.concatenate(folds.matrices).ravel()
    assert [len(part) for part in folds.matrices] == [667, 667, 666]
    assert sorted(held.tolist()) == list(range(2000))


def test_several_samples_tell_the_spread_of_the_silhouette():
    rng = np.random.default_rng(0)
    folds = internal.Folds.of(Points.of(rng.normal(0, 1, (3000, 2))))
    mean, spread = folds.silhouette([(m[:, 0] > 0).astype(int) for m in folds.matrices])
    assert 0.2 < mean < 0.4
    assert 0 < spread < 0.05


def test_one_group_has_no_separation(points):
    all_one = np.zeros(len(points), np.intp)
    assert internal.calinski_harabasz(points, all_one) is None
    assert internal.davies_bouldin(points, all_one) is None


def test_inertia_is_the_mean_squared_distance_of_a_row():
    points = Points.of(np.array([[0.0], [0.0], [0.0], [4.0]]))
    assert internal.inertia(points, np.array([0, 0])) == pytest.approx(3.0)
