"""Embeddings: principal components, a trained encoder, and what stands behind them."""

from importlib.util import find_spec

import numpy as np
import pytest

from segpredict.errors import ConfigError
from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints
from segpredict.segmentation.algorithms._assignment_rule import apply_encoder
from segpredict.segmentation.algorithms.autoencoder_kmeans import train_encoder
from segpredict.segmentation.algorithms.hybrid import fit_pca

needs_torch = find_spec("torch") is None
deep = pytest.mark.skipif(needs_torch, reason="needs the extra deep (PyTorch)")


def curve(rows: int = 800) -> np.ndarray:
    """Return four columns that one hidden number bends through space."""
    rng = np.random.default_rng(1)
    hidden = rng.uniform(-2, 2, rows)
    bent = np.stack([hidden, hidden**2, np.sin(hidden), np.cos(2 * hidden)], axis=1)
    return (bent - bent.mean(axis=0)) / bent.std(axis=0)


def test_components_are_those_of_the_weighted_covariance():
    rng = np.random.default_rng(0)
    places, weights = rng.normal(size=(30, 3)) * [3, 2, 1], rng.integers(1, 5, 30)
    layer = fit_pca(WeightedPoints.from_matrix(places, weights), 1.0)
    repeated = np.repeat(places, weights, axis=0)
    codes = apply_encoder((layer,), repeated)
    assert codes.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-5)
    spread = np.cov(codes.T, bias=True)
    assert np.allclose(spread, np.diag(np.diag(spread)), atol=1e-5)
    assert (np.diff(np.diag(spread)) <= 0).all()
    assert np.trace(spread) == pytest.approx(np.trace(np.cov(repeated.T, bias=True)))


def test_components_are_as_few_as_keep_the_share():
    places = np.random.default_rng(0).normal(size=(500, 3)) * [10.0, 1.0, 0.1]
    assert fit_pca(WeightedPoints.from_matrix(places), 0.9).weights.shape == (3, 1)
    assert fit_pca(WeightedPoints.from_matrix(places), 0.999).weights.shape == (3, 2)


@deep
def test_one_number_carries_a_bent_curve_better_than_a_straight_component():
    matrix = curve()
    points = WeightedPoints.from_matrix(matrix)
    layers, error = train_encoder(points, 0, latent_dim=1, epochs=150)
    layer = fit_pca(points, 0.0)
    straight = apply_encoder((layer,), matrix) @ layer.weights.T
    assert error < 0.5 * ((matrix - straight) ** 2).mean()
    code = apply_encoder(layers, matrix)
    assert code.std() == pytest.approx(1.0, abs=0.01)


@deep
def test_equal_seeds_give_equal_encoders_and_others_do_not():
    points = WeightedPoints.from_matrix(curve(200))
    one, same, other = (train_encoder(points, s, epochs=5)[0] for s in (0, 0, 1))
    for first, second in zip(one, same, strict=True):
        assert first.weights.tobytes() == second.weights.tobytes()
    assert one[0].weights.tobytes() != other[0].weights.tobytes()


@deep
def test_training_leaves_the_settings_of_torch_as_they_were():
    import torch

    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    draw = torch.random.get_rng_state()
    train_encoder(WeightedPoints.from_matrix(curve(100)), 0, epochs=2)
    assert before == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    assert torch.equal(draw, torch.random.get_rng_state())


@deep
def test_training_stops_when_held_out_rows_get_no_better():
    noise = np.random.default_rng(0).normal(size=(60, 4))
    short, long = (
        train_encoder(WeightedPoints.from_matrix(noise), 0, latent_dim=1, epochs=p)[1]
        for p in (400, 2000)
    )
    assert short == long


@deep
def test_the_hybrid_may_stand_on_an_encoder():
    part = CLUSTERERS.get("hybrid").with_settings({"embedding": "autoencoder"})
    found = part.fit(WeightedPoints.from_matrix(curve(300)), 2, seed=0, n_init=1)
    assert len(found.assignment_rule.layers) == 3


def test_no_embedding_of_that_name_is_refused():
    with pytest.raises(ConfigError, match="'umap'"):
        CLUSTERERS.get("hybrid").with_settings({"embedding": "umap"})
