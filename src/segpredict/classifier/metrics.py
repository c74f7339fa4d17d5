"""Measure a forecast: proper scores first, then what people ask for."""

from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import rankdata

from segpredict.classifier.lesson import Floats, Ints

FLOOR = 1e-15  # a probability below this counts as this, so a loss stays finite
BINS = 15


def row_log_loss(chances: Floats, labels: Ints) -> Floats:
    """Return −log of the probability of what happened, one a row."""
    return -np.log(np.clip(chances[np.arange(len(labels)), labels], FLOOR, 1))


def row_brier(chances: Floats, labels: Ints) -> Floats:
    """Return the squared distance to what happened, one a row, from 0 to 2."""
    happened = np.eye(chances.shape[1])[labels]
    return np.asarray(((chances - happened) ** 2).sum(axis=1), dtype=np.float64)


def confusion(labels: Ints, guesses: Ints, classes: int) -> Ints:
    """Return counts; row: what happened, column: what was forecast.

    Examples
    --------
    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    counts = np.bincount(labels * classes + guesses, minlength=classes**2)
    return counts.reshape(classes, classes)


def log_loss(chances: Floats, labels: Ints) -> float:
    """Return the mean −log probability of what happened, in nats."""
    return float(row_log_loss(chances, labels).mean())


def brier(chances: Floats, labels: Ints) -> float:
    """Return the mean squared distance to what happened, summed over segments."""
    return float(row_brier(chances, labels).mean())


def accuracy(chances: Floats, labels: Ints) -> float:
    """Return the share of rows whose most likely segment came true."""
    return float((chances.argmax(axis=1) == labels).mean())


def balanced_accuracy(chances: Floats, labels: Ints) -> float:
    """Return the mean recall over the segments that occurred."""
    counts = confusion(labels, chances.argmax(axis=1), chances.shape[1])
    return float(balanced_of(counts.astype(np.float64)))


def macro_f1(chances: Floats, labels: Ints) -> float:
    """Return the mean F1 over segments that occurred or were forecast."""
    counts = confusion(labels, chances.argmax(axis=1), chances.shape[1])
    return float(f1_of(counts.astype(np.float64)))


def kappa(chances: Floats, labels: Ints) -> float:
    """Return Cohen's κ: agreement beyond what the two mixes agree on by chance."""
    counts = confusion(labels, chances.argmax(axis=1), chances.shape[1])
    total = counts.sum()
    agreed = np.trace(counts) / total
    chance = float((counts.sum(axis=0) * counts.sum(axis=1)).sum() / total**2)
    return float((agreed - chance) / (1 - chance)) if chance < 1 else 0.0


def ece(chances: Floats, labels: Ints, bins: int = BINS) -> float:
    """Return the expected calibration error of the most likely segment.

    Notes
    -----
    Rows are put into bins of equal mass by confidence, rows of equal confidence into
    the same one; Σ (bin's share) · abs(mean confidence − share that came true).
    """
    confidence = chances.max(axis=1)
    hits = (chances.argmax(axis=1) == labels).astype(np.float64)
    ranks = (rankdata(confidence) - 0.5) / len(labels)
    places = np.minimum((ranks * bins).astype(np.int64), bins - 1)
    excess = np.bincount(places, weights=confidence - hits, minlength=bins)
    return float(np.abs(excess).sum() / len(labels))


def mix(chances: Floats) -> tuple[float, ...]:
    """Return the forecast share of each segment: its mean probability."""
    return tuple(chances.mean(axis=0).tolist())


def skill(loss: float, reference: float) -> float:
    """Return the share of a reference's loss that is saved; 0 where it has none."""
    return 1 - loss / reference if reference > 0 else 0.0


def f1_of(counts: Floats) -> Floats:
    """Return macro-F1 of confusion counts; leading axes are kept."""
    hit = np.diagonal(counts, axis1=-2, axis2=-1)
    both = counts.sum(axis=-1) + counts.sum(axis=-2)
    each = np.divide(2 * hit, both, out=np.zeros_like(both), where=both > 0)
    return np.asarray(each.sum(axis=-1) / (both > 0).sum(axis=-1), dtype=np.float64)


def balanced_of(counts: Floats) -> Floats:
    """Return balanced accuracy of confusion counts; leading axes are kept."""
    hit = np.diagonal(counts, axis1=-2, axis2=-1)
    real = counts.sum(axis=-1)
    each = np.divide(hit, real, out=np.zeros_like(real), where=real > 0)
    return np.asarray(each.sum(axis=-1) / (real > 0).sum(axis=-1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Scores:
    """How one forecaster did on one set of rows.

    Parameters
    ----------
    n
        Rows.
    log_loss, brier
        Proper scores; smaller is better.
    accuracy, balanced_accuracy, macro_f1, kappa
        Of the most likely segment; larger is better.
    ece
        Calibration error of the most likely segment; smaller is better.
    """

    n: int
    log_loss: float
    brier: float
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    kappa: float
    ece: float

    def to_json(self) -> dict[str, float]:
        """Return the numbers by name."""
        return asdict(self)


def score(chances: Floats, labels: Ints) -> Scores:
    """Return all metrics of one forecast."""
    return Scores(
        len(labels),
        log_loss(chances, labels),
        brier(chances, labels),
        accuracy(chances, labels),
        balanced_accuracy(chances, labels),
        macro_f1(chances, labels),
        kappa(chances, labels),
        ece(chances, labels),
    )
