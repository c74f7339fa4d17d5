"""Joins agree with SciPy; a weight is as good as repeated rows."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints, euclidean_distances
from segpredict.segmentation.algorithms.ward import cut_tree, ward_joins


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two groupings are one, whatever their numbers."""
    pairs = {(int(a), int(b)) for a, b in zip(one, other, strict=True)}
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


@pytest.mark.parametrize("k", [2, 5, 11])
def test_trees_are_those_of_scipy(k):
    places = np.random.default_rng(k).normal(size=(60, 3))
    expected = fcluster(linkage(places, "ward"), k, "maxclust")
    joins = ward_joins(euclidean_distances(places, places), np.ones(60))
    assert same(cut_tree(joins, k), expected)


def test_a_weight_is_as_good_as_repeated_rows():
    rng = np.random.default_rng(4)
    places, weights = rng.normal(size=(25, 2)), rng.integers(1, 6, 25)
    repeated = np.repeat(places, weights, axis=0)
    expected = fcluster(linkage(repeated, "ward"), 4, "maxclust")
    joins = ward_joins(euclidean_distances(places, places), weights * 1.0)
    assert same(np.repeat(cut_tree(joins, 4), weights), expected)


def test_a_tree_cut_at_its_leaves_joins_nothing():
    assert cut_tree([(0, 1), (0, 2)], 3).tolist() == [0, 1, 2]


def test_rows_are_assigned_as_their_micro_cluster_was():
    rng = np.random.default_rng(0)
    ring = rng.uniform(0, 2 * np.pi, 900)
    outer = np.stack([np.cos(ring), np.sin(ring)], axis=1) * 5
    inner = rng.normal(0, 0.3, (900, 2))
    matrix = np.concatenate([inner, outer + rng.normal(0, 0.1, (900, 2))])
    tuned = CLUSTERERS.get("ward").with_settings({"micro": 60})
    found = tuned.fit(WeightedPoints.from_matrix(matrix), 3, seed=0, n_init=1)
    assert len(found.assignment_rule.points) <= 60
    assert len(set(found.assign(matrix[:900]).tolist())) == 1
