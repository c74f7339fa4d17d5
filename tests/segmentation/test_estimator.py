"""A Segmenter is a scikit-learn estimator like any other, whatever the algorithm."""

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

import segpredict
from segpredict.segmentation.algorithms import CLUSTERERS, Clusters
from segpredict.segmentation.estimator import Segmenter

QUICK = [a for a in CLUSTERERS.names() if CLUSTERERS.get(a).required_extra is None]
RNG = np.random.default_rng(0)
BLOBS = np.concatenate([RNG.normal(m, 0.3, (60, 2)) for m in (0, 5, 10)])


@parametrize_with_checks([Segmenter()])
def test_scikit_learns_checks_hold(estimator, check):
    check(estimator)


def quick(algorithm: str) -> Segmenter:
    # The checks fit few rows, of which hdbscan would want 50 in a group.
    settings = {"min_cluster_size": 5} if algorithm == "hdbscan" else None
    return Segmenter(algorithm=algorithm, n_init=2, algorithm_settings=settings)


def unmet(estimator: Segmenter) -> dict[str, str]:
    """Return the checks that an algorithm does not pass, and why."""
    if estimator.algorithm != "rules":
        return {}
    return {"check_clustering": "cells of a grid are no blobs, and are not meant to be"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:No region of the data")
@parametrize_with_checks([quick(a) for a in QUICK], expected_failed_checks=unmet)
def test_scikit_learns_checks_hold_for_every_algorithm(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
def test_a_seed_of_numpy_gives_what_the_same_seed_of_python_gives(kind):
    rows = np.random.default_rng(4).normal(size=(400, 3))
    for seed in range(5):
        own = Segmenter(6, n_init=1, random_state=seed).fit(rows)
        other = Segmenter(6, n_init=1, random_state=kind(seed)).fit(rows)
        assert (own.labels_ == other.labels_).all()
        assert own.inertia_ == other.inertia_


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("large", [1e13, 1e300, -1e300])
def test_values_beyond_the_exact_range_are_refused_and_never_wrapped(large, scale):
    rows = np.concatenate([BLOBS, [[large, 0.0]]])
    if scale and abs(large) < 1e100:
        assert np.isfinite(Segmenter(2, scale=True).fit(rows).cluster_centers_).all()
        return
    with pytest.raises(ValueError, match=r"reach .* logarithms"):
        Segmenter(3, scale=scale).fit(rows)
    found = Segmenter(3, scale=scale).fit(BLOBS)
    if abs(large) > 1e100:
        with pytest.raises(ValueError, match="reach"):
            found.predict([[large, 0.0]])
    else:
        assert found.predict([[large, 0.0]]).tolist() == [2]


def test_the_score_is_that_of_k_means_and_chooses_in_a_grid():
    found = Segmenter(3).fit(BLOBS)
    assert found.score(BLOBS) == pytest.approx(-found.inertia_)
    assert found.score(BLOBS[:10]) > found.score(BLOBS[:20])
    grid = {"n_segments": [1, 2, 3], "scale": [False]}
    shuffled = BLOBS[np.random.default_rng(2).permutation(len(BLOBS))]
    search = GridSearchCV(Segmenter(n_init=2), grid, cv=3).fit(shuffled)
    assert search.best_params_["n_segments"] == 3
    other = GridSearchCV(KMeans(n_init=2, random_state=0), {"n_clusters": [1, 2, 3]}, cv=3)
    other.fit(shuffled)
    scores = [each.cv_results_["mean_test_score"] for each in (search, other)]
    np.testing.assert_allclose(*scores, rtol=0.01)


def test_it_is_a_public_name():
    assert segpredict.Segmenter is Segmenter


def test_planted_groups_are_found_and_ordered_like_the_columns():
    found = Segmenter(3).fit(BLOBS)
    assert adjusted_rand_score(np.repeat([0, 1, 2], 60), found.labels_) == 1.0
    assert found.cluster_centers_[:, 0].round().tolist() == [0, 5, 10]
    assert found.predict([[0.1, 0.1], [9.0, 9.0]]).tolist() == [0, 2]


def test_the_distance_to_the_own_centre_is_the_least():
    found = Segmenter(3).fit(BLOBS)
    assert (found.transform(BLOBS).argmin(axis=1) == found.labels_).all()


def test_it_goes_into_a_pipeline_and_names_its_columns():
    model = make_pipeline(FunctionTransformer(np.exp, feature_names_out="one-to-one"), Segmenter(3))
    model.fit(BLOBS / 10)
    assert list(model.get_feature_names_out(["a", "b"])) == [
        "segmenter0",
        "segmenter1",
        "segmenter2",
    ]
    assert model.transform(BLOBS / 10).shape == (180, 3)


def test_clones_and_parameters_are_those_of_scikit_learn():
    given = Segmenter(5, algorithm="ward", n_init=2)
    assert clone(given).get_params() == given.get_params()
    assert given.set_params(n_segments=2).n_segments == 2


def test_a_polars_frame_gives_its_names():
    frame = pl.DataFrame(BLOBS, schema=["spend", "days"])
    found = Segmenter(3).fit(frame)
    assert found.feature_names_in_.tolist() == ["spend", "days"]
    assert (found.predict(frame) == found.labels_).all()


def test_the_order_of_rows_changes_no_segment():
    order = np.random.default_rng(1).permutation(len(BLOBS))
    one, other = Segmenter(3).fit(BLOBS), Segmenter(3).fit(BLOBS[order])
    assert (one.labels_[order] == other.labels_).all()
    assert one.inertia_ == other.inertia_


def test_the_frozen_groups_reload_and_assign_alike():
    found = Segmenter(3, scale=False).fit(BLOBS)
    back = Clusters.from_state(found.clusters_.to_state())
    assert (back.assign(BLOBS) == found.labels_).all()


@pytest.mark.parametrize("algorithm", CLUSTERERS.names())
def test_every_algorithm_can_be_asked_for(algorithm):
    if CLUSTERERS.get(algorithm).required_extra:
        pytest.importorskip("torch")
    found = Segmenter(3, algorithm=algorithm, n_init=2).fit(BLOBS)
    assert found.labels_.shape == (180,)
    assert (found.predict(BLOBS) == found.labels_).all()
    assert found.transform(BLOBS).shape == (180, found.n_segments_)


def test_fewer_distinct_rows_than_segments_make_fewer_segments_with_a_warning():
    with pytest.warns(ConvergenceWarning, match="2 distinct rows"):
        found = Segmenter(3).fit([[1.0], [1.0], [2.0]])
    assert found.labels_.tolist() == [0, 0, 1]


def test_where_density_finds_nothing_everyone_is_in_one_segment():
    with pytest.warns(ConvergenceWarning, match="one segment"):
        found = Segmenter(2, algorithm="hdbscan").fit(BLOBS[:20])
    assert set(found.labels_) == {0}


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(ValueError, match="algorithm"):
        Segmenter(algorithm="kmean").fit(BLOBS)


def test_a_mixture_gives_probabilities():
    found = Segmenter(3, algorithm="gmm").fit(BLOBS)
    probabilities = found.predict_proba(BLOBS)
    assert probabilities.shape == (180, 3)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == found.labels_).all()


def test_other_algorithms_have_no_probabilities():
    found = Segmenter(3).fit(BLOBS)
    assert not hasattr(found, "predict_proba")
    with pytest.raises(AttributeError, match="predict_proba"):
        found.predict_proba(BLOBS)
