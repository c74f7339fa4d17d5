"""How tight and how far apart groups are; these figures describe, they never decide."""

from dataclasses import dataclass

import numpy as np

from segpredict.clustering import Floats, Labels, Points, Whole, distances

FOLD = 800  # rows whose distances to each other are worked out at once
FOLDS = 5


def inertia(points: Points, labels: Labels) -> float:
    """Return the mean squared distance of a row to the mean of its group."""
    return _within(points, labels) / points.rows


def calinski_harabasz(points: Points, labels: Labels) -> float | None:
    """Return the ratio of spread between groups to spread within; ``None`` for one.

    References
    ----------
    Caliński and Harabasz (1974).
    """
    k, rows = len(np.unique(labels)), points.rows
    within = _within(points, labels)
    if k < 2 or rows <= k or within == 0:
        return None
    between = _within(points, np.zeros_like(labels)) - within
    return between / (k - 1) / (within / (rows - k))


def davies_bouldin(points: Points, labels: Labels) -> float | None:
    """Return the mean likeness of a group to its nearest one; low is good.

    References
    ----------
    Davies and Bouldin (1979).
    """
    centres, size = _centres(points, labels)
    if len(centres) < 2:
        return None
    _, codes = np.unique(labels, return_inverse=True)
    off = np.sqrt(((points.matrix - centres[codes]) ** 2).sum(axis=1))
    spread = np.bincount(codes, off * points.weights) / size
    apart = distances(centres, centres)
    np.fill_diagonal(apart, np.inf)
    nearest = (spread[:, None] + spread) / np.maximum(apart, 1e-12)
    return float(nearest.max(axis=1).mean())


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """Samples of the rows with all their distances, worked out once for all candidates.

    Parameters
    ----------
    matrices
        Each sample's rows.
    apart
        Each sample's distances, rows × rows.
    """

    matrices: tuple[Floats, ...]
    apart: tuple[Floats, ...]

    @classmethod
    def of(cls, sample: Points, folds: int = FOLDS) -> "Folds":
        """Return systematic samples that share no row, each spread over all places."""
        rows = np.repeat(sample.matrix, sample.weights, axis=0)
        step = max(1, -(-len(rows) // FOLD))
        parts = tuple(rows[i::step] for i in range(min(step, folds)))
        return cls(parts, tuple(distances(part, part) for part in parts))

    def silhouette(self, labels: list[Labels]) -> tuple[float, float | None]:
        """Return mean and standard deviation of the samples' mean silhouettes.

        Parameters
        ----------
        labels
            The group of each row, one array a sample.

        References
        ----------
        Rousseeuw (1987).
        """
        means = [_silhouette(*pair) for pair in zip(self.apart, labels, strict=True)]
        spread = float(np.std(means, ddof=1)) if len(means) > 1 else None
        return float(np.mean(means)), spread


def _silhouette(apart: Floats, labels: Labels) -> float:
    member = labels[:, None] == np.unique(labels)
    size = member.sum(axis=0)
    if len(size) < 2:
        return 0.0
    to_group = apart @ member.astype(np.float64)
    own = to_group[member] / np.maximum(size - 1, 1)[member.argmax(axis=1)]
    other = np.where(member, np.inf, to_group / size).min(axis=1)
    larger = np.maximum(own, other)
    is_alone = (size[member.argmax(axis=1)] == 1) | (larger == 0)
    score = np.where(is_alone, 0.0, (other - own) / np.where(is_alone, 1.0, larger))
    return float(score.mean())


def _centres(points: Points, labels: Labels) -> tuple[Floats, Whole]:
    _, codes = np.unique(labels, return_inverse=True)
    size = np.bincount(codes, points.weights).astype(np.int64)
    return points.means(codes, np.zeros((len(size), points.grains.shape[1]))), size


def _within(points: Points, labels: Labels) -> float:
    centres, _ = _centres(points, labels)
    _, codes = np.unique(labels, return_inverse=True)
    squares = ((points.matrix - centres[codes]) ** 2).sum(axis=1)
    return float((squares * points.weights).sum())
