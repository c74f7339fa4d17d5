"""K-means on the code of an autoencoder, which the extra ``deep`` trains; it runs without."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from segpredict.config.fill import Count, CountOrAuto
from segpredict.core.arrays import FloatArray
from segpredict.errors import ExtraMissingError
from segpredict.segmentation.algorithms._assignment_rule import (
    EmbeddedRule,
    EncoderLayer,
    apply_encoder,
)
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints, limit_to_one_thread
from segpredict.segmentation.algorithms.kmeans import KMeansClustering

DEEP_EXTRA = "deep"
HIDDEN = (32, 16)  # widths of the layers before the code, mirrored behind it
TRAINING_FOLDS = 5  # every fifth row is held out
BATCH_SIZE = 512
PATIENCE = 15  # passes without a better reconstruction of the held-out rows
BETTER = 1e-3  # relative gain below which a reconstruction is no better
LEARNING_RATE = 3e-3


def train_encoder(
    points: WeightedPoints,
    seed: int,
    latent_dim: int = 0,
    epochs: int = 100,
    sample_rows: int = 6_000,
) -> tuple[tuple[EncoderLayer, ...], float]:
    """Return a trained encoder with a standardised code, and the held-out error.

    Adam on the mean squared error; training stops when the held-out rows are reconstructed no
    better. One thread, deterministic kernels and a seeded generator: equal runs on one machine are
    equal.
    """
    try:
        torch: Any = import_module("torch")
    except ImportError:
        raise ExtraMissingError("An autoencoder", DEEP_EXTRA, "torch") from None
    rows = points.sample_rows(sample_rows)
    axes = rows.shape[1]
    code = latent_dim or min(max((axes + 1) // 2, 2), 8)
    widths = [axes, *HIDDEN, code, *HIDDEN[::-1], axes]
    with _deterministic(torch):
        layers, error = _descend(torch, rows, widths, epochs, seed)
    return _standardised(layers[: len(widths) // 2], rows), error


@contextmanager
def _deterministic(torch: Any) -> Iterator[None]:
    """Use one thread and deterministic kernels, then restore the settings."""
    threads = torch.get_num_threads()
    was_strict = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)  # noqa: FBT003 - torch's own signature
    try:
        with limit_to_one_thread():
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(was_strict)


def _descend(
    torch: Any, rows: FloatArray, widths: Sequence[int], epochs: int, seed: int
) -> tuple[list[EncoderLayer], float]:
    """Return the layers, encoder and decoder, that reconstruct held-out rows best."""
    rng = np.random.default_rng(seed)
    network = []
    for into, out in pairwise(widths):
        limit = np.sqrt(6 / (into + out))  # Glorot and Bengio (2010)
        starts = rng.uniform(-limit, limit, (into, out)), np.zeros(out)
        network.append(tuple(torch.tensor(start, requires_grad=True) for start in starts))
    is_held = np.arange(len(rows)) % TRAINING_FOLDS == TRAINING_FOLDS // 2
    held = torch.tensor(rows[is_held] if is_held.any() else rows)
    seen = torch.tensor(rows[~is_held])
    adam = torch.optim.Adam([tensor for layer in network for tensor in layer], lr=LEARNING_RATE)
    best, error, since = _frozen(network), np.inf, 0
    for _ in range(epochs):
        order = rng.permutation(len(seen))
        for start in range(0, len(order), BATCH_SIZE):
            batch = seen[torch.from_numpy(order[start : start + BATCH_SIZE])]
            adam.zero_grad()
            _loss(torch, network, batch).backward()
            adam.step()
        with torch.no_grad():
            now = float(_loss(torch, network, held))
        since += 1
        if now < error * (1 - BETTER):
            best, error, since = _frozen(network), now, 0
        if since >= PATIENCE:
            break
    return best, error


def _loss(torch: Any, network: Sequence[Any], rows: Any) -> Any:
    """Return the mean squared error; tanh between layers, but not after the code."""
    out = rows
    for number, (weights, bias) in enumerate(network, start=1):
        out = out @ weights + bias
        if number not in (len(network) // 2, len(network)):
            out = torch.tanh(out)
    return ((out - rows) ** 2).mean()


def _frozen(network: Sequence[Any]) -> list[EncoderLayer]:
    return [EncoderLayer(*(t.detach().numpy().copy() for t in layer)) for layer in network]


def _standardised(layers: Sequence[EncoderLayer], rows: FloatArray) -> tuple[EncoderLayer, ...]:
    """Return the encoder with a standardised code."""
    code = apply_encoder(layers, rows)
    mean, scale = code.mean(axis=0), np.maximum(code.std(axis=0), 1e-9)
    last = layers[-1]
    return *layers[:-1], EncoderLayer(last.weights / scale, (last.bias - mean) / scale)


@dataclass(frozen=True)
class AutoencoderKMeans(Clusterer):
    """K-means on the code of a neural autoencoder."""

    complexity_rank: ClassVar[int] = 10
    required_extra: ClassVar[str | None] = DEEP_EXTRA
    latent_dim: CountOrAuto = 0  # dimensions of the code; 0 takes half the axes, from 2 to 8
    epochs: Count = 100  # most passes over the rows
    sample_rows: Count = 6_000  # rows to train on

    def fit_many(
        self, points: WeightedPoints, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, from one trained encoder."""
        require_points(points, max(ks))
        layers, error = train_encoder(points, seed, self.latent_dim, self.epochs, self.sample_rows)
        codes = WeightedPoints.from_matrix(apply_encoder(layers, points.matrix), points.weights)
        facts = {"reconstruction_error": error}
        return [
            Clusters.from_rule(points, EmbeddedRule(layers, found.assignment_rule), facts=facts)
            for found in KMeansClustering().fit_many(codes, ks, seed=seed, n_init=n_init)
        ]


PART = AutoencoderKMeans()
