"""Train a small autoencoder with PyTorch; what is kept of it needs PyTorch no more."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from segpredict.clustering._clusterer import Clusterer, Clusters, require_points
from segpredict.clustering._embedded import Embedded, Layer, embed
from segpredict.clustering._points import Floats, Points
from segpredict.clustering._threads import one_thread
from segpredict.errors import ExtraMissingError

EXTRA = "deep"
FOLDS = 5  # every fifth row is held out
BATCH = 512
PATIENCE = 15  # passes without a better reconstruction of the held-out rows
STEP = 3e-3

Training = tuple[tuple[Layer, ...], float]


def _torch() -> Any:
    try:
        return import_module("torch")
    except ImportError:
        raise ExtraMissingError("An autoencoder", EXTRA, "torch") from None


@dataclass(frozen=True)
class Autoencoder:
    """A way through a narrow code and back, trained to lose as little as it can.

    Parameters
    ----------
    latent
        Numbers in the code; 0 takes half the axes, from 2 to 8.
    hidden
        Widths of the two layers before the code, mirrored behind it.
    passes
        Most passes over the rows.
    sample
        Rows to train on.

    Notes
    -----
    Adam on the mean squared error; every fifth row is held out, and training stops when
    their reconstruction no longer gets better. One thread, deterministic kernels and
    starting weights from a seeded generator: equal runs on one machine are equal.
    """

    latent: int = 0
    hidden: tuple[int, int] = (32, 16)
    passes: int = 100
    sample: int = 6_000

    def train(self, points: Points, seed: int) -> Training:
        """Return the trained encoder, and the held-out error a value.

        The code is standardised, so that its axes weigh alike.

        Raises
        ------
        ExtraMissingError
            When PyTorch is not installed.
        """
        torch = _torch()
        rows = points.spread(self.sample)
        axes = rows.shape[1]
        latent = self.latent or min(max((axes + 1) // 2, 2), 8)
        widths = [axes, *self.hidden, latent, *self.hidden[::-1], axes]
        with _quiet(torch):
            weights, error = _descend(
                torch, _Network(torch, widths, seed), rows, self.passes
            )
        half = len(widths) // 2
        layers = [Layer(w, b) for w, b in weights[:half]]
        return _standardised(layers, rows), error


def _standardised(layers: Sequence[Layer], rows: Floats) -> tuple[Layer, ...]:
    code = embed(layers, rows)
    mean, scale = code.mean(axis=0), np.maximum(code.std(axis=0), 1e-9)
    last = layers[-1]
    whole = Layer(last.weights / scale, (last.bias - mean) / scale)
    return (*layers[:-1], whole)


@contextmanager
def _quiet(torch: Any) -> Iterator[None]:
    """One thread and deterministic kernels, and afterwards as it was."""
    threads = torch.get_num_threads()
    was_strict = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)  # noqa: FBT003 - torch's own signature
    try:
        with one_thread():
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(was_strict)


class _Network:
    """Layers of tanh from a seeded start, without a global generator."""

    def __init__(self, torch: Any, widths: Sequence[int], seed: int) -> None:
        self.torch = torch
        self.rng = np.random.default_rng(seed)
        self.weights = [
            (self._tensor(self._start(a, b)), self._tensor(np.zeros(b)))
            for a, b in pairwise(widths)
        ]
        self.code = len(widths) // 2

    def _start(self, into: int, out: int) -> Floats:
        limit = np.sqrt(6 / (into + out))  # Glorot and Bengio (2010)
        return self.rng.uniform(-limit, limit, (into, out))

    def _tensor(self, values: Floats) -> Any:
        return self.torch.tensor(values, requires_grad=True)

    @property
    def parameters(self) -> list[Any]:
        return [tensor for pair in self.weights for tensor in pair]

    def __call__(self, rows: Any) -> Any:
        last = len(self.weights)
        for number, (weights, bias) in enumerate(self.weights, start=1):
            rows = rows @ weights + bias
            if number not in (self.code, last):
                rows = self.torch.tanh(rows)
        return rows

    def copy(self) -> list[tuple[Floats, Floats]]:
        return [
            (weights.detach().numpy().copy(), bias.detach().numpy().copy())
            for weights, bias in self.weights
        ]


def _descend(
    torch: Any, network: _Network, rows: Floats, passes: int
) -> tuple[list[tuple[Floats, Floats]], float]:
    is_held = np.arange(len(rows)) % FOLDS == FOLDS // 2
    held = torch.tensor(rows[is_held] if is_held.any() else rows)
    seen = torch.tensor(rows[~is_held])
    walk = torch.optim.Adam(network.parameters, lr=STEP)
    best, error, since = network.copy(), np.inf, 0
    for _ in range(passes):
        order = network.rng.permutation(len(seen))
        for start in range(0, len(order), BATCH):
            batch = seen[torch.from_numpy(order[start : start + BATCH])]
            walk.zero_grad()
            ((network(batch) - batch) ** 2).mean().backward()
            walk.step()
        with torch.no_grad():
            now = float(((network(held) - held) ** 2).mean())
        since += 1
        if now < error * (1 - 1e-3):
            best, error, since = network.copy(), now, 0
        if since >= PATIENCE:
            break
    return best, error


@dataclass(frozen=True)
class Deep(Clusterer):
    """An autoencoder, and another algorithm on its code.

    Parameters
    ----------
    latent
        Numbers in the code; 0 takes half the axes, from 2 to 8.
    passes
        Most passes over the rows.
    sample
        Rows to train on.
    inner
        The algorithm that groups the codes.
    """

    rank: ClassVar[int] = 10
    extra: ClassVar[str | None] = EXTRA
    inner: Clusterer = field()
    latent: int = 0
    passes: int = 100
    sample: int = 6_000

    def fit(self, points: Points, k: int, *, seed: int, n_init: int) -> Clusters:
        """Return `k` groups of the points; ``facts`` hold the held-out error."""
        return self.sweep(points, (k,), seed=seed, n_init=n_init)[0]

    def sweep(
        self, points: Points, ks: Sequence[int], *, seed: int, n_init: int
    ) -> list[Clusters]:
        """Return the groups for each of `ks`, from one trained encoder."""
        require_points(points, max(ks))
        way = Autoencoder(latent=self.latent, passes=self.passes, sample=self.sample)
        layers, error = way.train(points, seed)
        codes = Points.of(embed(layers, points.matrix), points.weights)
        found = self.inner.sweep(codes, ks, seed=seed, n_init=n_init)
        return [
            Clusters.of(
                points,
                Embedded(layers, groups.rule),
                facts={
                    # Densities of codes do not compare with those of the space itself.
                    **{f"code_{name}": v for name, v in groups.facts.items()},
                    "reconstruction_error": error,
                },
            )
            for groups in found
        ]
