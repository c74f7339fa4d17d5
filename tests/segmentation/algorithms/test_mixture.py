"""A mixture gives a row to the likeliest Gaussian; EM finds planted shapes."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from segpredict.errors import ConfigError
from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints
from segpredict.segmentation.algorithms.gmm import GaussianMixtureRule, fit_mixture, kmeans_starts

WIDE_AND_NARROW = GaussianMixtureRule(
    np.array([0.5, 0.5]), np.array([[0.0], [0.0]]), np.array([[[9.0]], [[0.01]]])
)


def test_a_narrow_group_lies_inside_a_wide_one():
    asked = np.array([[0.0], [0.2], [1.0], [-4.0]])
    assert WIDE_AND_NARROW.assign(asked).tolist() == [1, 1, 0, 0]


def test_of_two_equal_groups_the_larger_draws_the_middle():
    rule = GaussianMixtureRule(
        np.array([0.2, 0.8]), np.array([[0.0], [2.0]]), np.ones((2, 1, 1)) * 1.0
    )
    assert rule.assign(np.array([[1.0]])).tolist() == [1]
    assert rule.predict_proba(np.array([[1.0]]))[0] == pytest.approx([0.2, 0.8])


def test_its_densities_are_those_of_scipy():
    rng = np.random.default_rng(0)
    asked = rng.normal(size=(20, 3))
    roots = rng.normal(size=(2, 3, 3))
    shapes = roots @ roots.transpose(0, 2, 1) + np.eye(3)
    rule = GaussianMixtureRule(np.array([0.3, 0.7]), rng.normal(size=(2, 3)), shapes)
    expected = [
        multivariate_normal(m, c).logpdf(asked) + np.log(s)
        for s, m, c in zip(rule.weights, rule.means, rule.covariances, strict=True)
    ]
    assert np.allclose(rule.joint_log_density(asked), np.transpose(expected))


def test_a_component_without_a_share_stays_finite_and_draws_nobody():
    rule = GaussianMixtureRule(np.array([1.0, 0.0]), np.array([[0.0], [0.1]]), np.ones((2, 1, 1)))
    probabilities = rule.predict_proba(np.array([[0.1], [900.0]]))
    assert np.isfinite(probabilities).all()
    assert rule.assign(np.array([[0.1]])).tolist() == [0]


def mixture(points: WeightedPoints, k: int, shape: str = "full"):
    return fit_mixture(points, kmeans_starts(points, k, 0, 2), shape, 1e-3)


def crossed() -> tuple[np.ndarray, np.ndarray]:
    """Return two long thin groups that no pair of centres can separate."""
    rng = np.random.default_rng(2)
    truth = np.arange(2000) % 2
    lying = rng.normal(0, [3.0, 0.2], (2000, 2))
    standing = rng.normal([6.0, 0.0], [0.2, 3.0], (2000, 2))
    return np.where(truth[:, None] == 0, lying, standing), truth


def test_shares_means_and_covariances_are_recovered():
    matrix, _ = crossed()
    found = mixture(WeightedPoints.from_matrix(matrix), 2).mixture
    flat, upright = np.argsort(found.means[:, 0])
    assert found.weights == pytest.approx([0.5, 0.5], abs=0.02)
    assert found.means[flat] == pytest.approx([0, 0], abs=0.2)
    assert found.means[upright] == pytest.approx([6, 0], abs=0.3)
    wide = np.sqrt([found.covariances[flat][0, 0], found.covariances[upright][1, 1]])
    assert wide == pytest.approx([3, 3], rel=0.05)


def test_groups_of_differing_shape_are_told_apart_where_centres_cannot():
    matrix, truth = crossed()
    alike = {}
    for name in ("gmm", "kmeans"):
        part = CLUSTERERS.get(name)
        found = part.fit(WeightedPoints.from_matrix(matrix), 2, seed=0, n_init=3)
        alike[name] = (found.assign(matrix) == truth).mean()
    assert alike["gmm"] >= 0.97 > 0.9 > alike["kmeans"]


def test_a_weight_is_as_good_as_repeated_rows():
    rng = np.random.default_rng(1)
    places = np.round(rng.normal(size=(40, 2)), 2)
    weights = rng.integers(1, 5, 40)
    repeated = WeightedPoints.from_matrix(np.repeat(places, weights, axis=0))
    weighted = WeightedPoints.from_matrix(places, weights)
    one, other = mixture(repeated, 2), mixture(weighted, 2)
    assert one.mixture == other.mixture
    assert one.icl == other.icl


def atoms(rows: int = 3000) -> WeightedPoints:
    """Return one cloud of log days: whole numbers, so many rows share a place."""
    rng = np.random.default_rng(0)
    days = 1 + rng.negative_binomial(2, 0.4, rows)
    logs = np.log1p(np.stack([days * rng.lognormal(3, 0.6, rows), days], axis=1))
    return WeightedPoints.from_matrix((logs - logs.mean(axis=0)) / logs.std(axis=0))


def test_whole_numbers_do_not_make_bic_fall_without_end():
    points = atoms()
    bic = [mixture(points, k).bic for k in (1, 2, 4, 12)]
    # Without dequantisation the step from 4 to 12 exceeds that from 1 to 4.
    assert bic[1] - bic[3] < 0.5 * (bic[0] - bic[1])


def test_of_one_cloud_icl_makes_one_group():
    points = atoms()
    assert mixture(points, 1).icl < min(mixture(points, k).icl for k in (2, 3, 4))


def test_of_two_clouds_icl_makes_two_groups():
    rng = np.random.default_rng(0)
    points = WeightedPoints.from_matrix(
        np.concatenate([rng.normal(0, 1, (400, 2)) + m for m in (0, 8)])
    )
    icl = {k: mixture(points, k).icl for k in (1, 2, 3, 4)}
    assert min(icl, key=icl.get) == 2


def test_the_shape_with_the_least_icl_is_taken():
    matrix, _ = crossed()
    points = WeightedPoints.from_matrix(matrix)
    gmm = CLUSTERERS.get("gmm")
    facts = {
        shape: gmm.with_settings({"covariance_type": shape})
        .fit(points, 2, seed=0, n_init=2)
        .facts["icl"]
        for shape in ("full", "diag", "tied", "auto")
    }
    assert facts["auto"] == min(facts.values())
    assert facts["diag"] < facts["tied"]


def test_no_shape_of_that_name_is_refused():
    with pytest.raises(ConfigError, match="'round'"):
        CLUSTERERS.get("gmm").with_settings({"covariance_type": "round"})
