"""Measure a forecast: proper scores first, then the usual metrics."""

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
from scipy.special import rel_entr

from segpredict.core.arrays import FloatArray, IntArray

MIN_PROBABILITY = 1e-15  # a probability below this counts as this, so a loss stays finite
CALIBRATION_BINS = 15


def row_log_loss(probabilities: FloatArray, labels: IntArray) -> FloatArray:
    """Return −log of the probability of the actual segment, one a row."""
    return -np.log(np.clip(probabilities[np.arange(len(labels)), labels], MIN_PROBABILITY, 1))


def log_probabilities(probabilities: FloatArray) -> FloatArray:
    """Return logarithms; a probability of zero counts as `MIN_PROBABILITY`."""
    return np.asarray(np.log(np.maximum(probabilities, MIN_PROBABILITY)), dtype=np.float64)


def clustered_standard_error(values: FloatArray, customers: pl.Series) -> float:
    """Return the standard error of the mean, rows clustered by customer (Liang and Zeger 1986).

    >>> import polars as pl
    >>> twice = np.array([1.0, 1.0, 3.0, 3.0])
    >>> round(clustered_standard_error(twice, pl.Series(["a", "a", "b", "b"])), 3)
    0.707
    >>> round(clustered_standard_error(twice, pl.Series(["a", "b", "c", "d"])), 3)
    0.5
    """
    apart = pl.DataFrame({"customer": customers, "apart": values - values.mean()})
    sums = apart.group_by("customer", maintain_order=True).agg(pl.col("apart").sum())
    return float(np.sqrt((sums["apart"].to_numpy() ** 2).sum()) / len(values))


def row_brier_score(probabilities: FloatArray, labels: IntArray) -> FloatArray:
    """Return the squared distance to the outcome, one a row, from 0 to 2."""
    happened = np.eye(probabilities.shape[1])[labels]
    return np.asarray(((probabilities - happened) ** 2).sum(axis=1), dtype=np.float64)


def confusion_matrix(labels: IntArray, guesses: IntArray, classes: int) -> IntArray:
    """Return counts; row: actual segment, column: predicted segment.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    counts = np.bincount(labels * classes + guesses, minlength=classes**2)
    return counts.reshape(classes, classes)


def log_loss(probabilities: FloatArray, labels: IntArray) -> float:
    """Return the mean −log probability of the actual segment, in nats."""
    return float(row_log_loss(probabilities, labels).mean())


def cohen_kappa(counts: IntArray) -> float:
    """Return Cohen's κ: agreement beyond what the two mixes agree on by chance."""
    total = counts.sum()
    agreed = np.trace(counts) / total
    chance = float((counts.sum(axis=0) * counts.sum(axis=1)).sum() / total**2)
    return float((agreed - chance) / (1 - chance)) if chance < 1 else 0.0


def expected_calibration_error(probabilities: FloatArray, labels: IntArray) -> float:
    """Return the expected calibration error of the most likely segment, over bins of equal mass.

    Σ (bin's share) · abs(mean confidence − share that was right).
    """
    hits = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    return _calibration_error(probabilities.max(axis=1), hits)


def classwise_calibration_error(
    probabilities: FloatArray, labels: IntArray, ranks: FloatArray | None = None
) -> FloatArray:
    """Return the expected calibration error of each segment's probability.

    `ranks` are those of each column (`column_ranks`), where they are known.
    """
    known = column_ranks(probabilities) if ranks is None else ranks
    columns = zip(probabilities.T, np.eye(probabilities.shape[1])[labels].T, known.T, strict=True)
    return np.array([_calibration_error(*column) for column in columns])


def _calibration_error(
    confidence: FloatArray, hits: FloatArray, ranks: FloatArray | None = None
) -> float:
    places = _bins_of_ranks(_ranks(confidence) if ranks is None else ranks, CALIBRATION_BINS)
    excess = np.bincount(places, weights=confidence - hits, minlength=CALIBRATION_BINS)
    return float(np.abs(excess).sum() / len(hits))


def equal_mass_bins(values: FloatArray, bins: int = CALIBRATION_BINS) -> IntArray:
    """Return the bin of each value: bins of equal mass, equal values in the same one.

    >>> equal_mass_bins(np.array([0.9, 0.1, 0.5, 0.5]), 2).tolist()
    [1, 0, 1, 1]
    """
    return _bins_of_ranks(_ranks(values), bins)


def _ranks(values: FloatArray) -> FloatArray:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=np.float64)


def _bins_of_ranks(ranks: FloatArray, bins: int) -> IntArray:
    shares = (ranks - 0.5) / len(ranks)
    places: IntArray = np.minimum((shares * bins).astype(np.int64), bins - 1)
    return places


def column_ranks(probabilities: FloatArray) -> FloatArray:
    """Return the ranks in each column from 1 on; equal values share the mean of theirs.

    >>> column_ranks(np.array([[0.1, 0.9], [0.1, 0.8]])).tolist()
    [[1.5, 2.0], [1.5, 1.0]]
    """
    return np.column_stack([_ranks(column) for column in probabilities.T])


def row_ranked_probability_score(probabilities: FloatArray, labels: IntArray) -> FloatArray:
    """Return the squared distance of cumulated probabilities, one a row, from 0 to 1."""
    happened = np.eye(probabilities.shape[1])[labels]
    apart = np.cumsum(probabilities - happened, axis=1)[:, :-1]
    return np.asarray((apart**2).sum(axis=1) / apart.shape[1], dtype=np.float64)


def classwise_roc_auc(
    probabilities: FloatArray, labels: IntArray, ranks: FloatArray | None = None
) -> FloatArray:
    """Return the area under the ROC curve of each segment against the rest, from rank sums.

    `ranks` are those of each column (`column_ranks`), where they are known.
    """
    areas = np.full(probabilities.shape[1], np.nan)
    for code, own in enumerate((column_ranks(probabilities) if ranks is None else ranks).T):
        inside = labels == code
        n, rest = int(inside.sum()), int((~inside).sum())
        if n and rest:
            above = own[inside].sum() - n * (n + 1) / 2
            areas[code] = above / (n * rest)
    return areas


def quadratic_weighted_kappa(counts: IntArray) -> float:
    """Return Cohen's κ with errors counted by their squared distance in segments."""
    codes = np.arange(len(counts))
    apart = (codes[:, None] - codes) ** 2
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    expected = float((apart * by_chance).sum())
    return 1 - float((apart * counts).sum()) / expected if expected > 0 else 0.0


def mix_error(probabilities: FloatArray, labels: IntArray) -> float:
    """Return the Jensen-Shannon divergence of predicted and actual mix, in bits."""
    predicted = probabilities.mean(axis=0)
    actual = np.bincount(labels, minlength=len(predicted)) / len(labels)
    middle = (predicted + actual) / 2
    return float((rel_entr(predicted, middle) + rel_entr(actual, middle)).sum() / 2 / np.log(2))


def predicted_mix(probabilities: FloatArray) -> tuple[float, ...]:
    """Return the predicted share of each segment: its mean probability."""
    return tuple(probabilities.mean(axis=0).tolist())


def skill_score(loss: float, reference: float) -> float:
    """Return the share of a reference's loss that is saved; 0 where it has none."""
    return 1 - loss / reference if reference > 0 else 0.0


def macro_f1_from_counts(counts: FloatArray) -> FloatArray:
    """Return macro-F1 of confusion counts; leading axes are kept."""
    hit = np.diagonal(counts, axis1=-2, axis2=-1)
    both = counts.sum(axis=-1) + counts.sum(axis=-2)
    each = np.divide(2 * hit, both, out=np.zeros_like(both), where=both > 0)
    return np.asarray(each.sum(axis=-1) / (both > 0).sum(axis=-1), dtype=np.float64)


def balanced_accuracy_from_counts(counts: FloatArray) -> FloatArray:
    """Return balanced accuracy of confusion counts; leading axes are kept."""
    hit = np.diagonal(counts, axis1=-2, axis2=-1)
    real = counts.sum(axis=-1)
    each = np.divide(hit, real, out=np.zeros_like(real), where=real > 0)
    return np.asarray(each.sum(axis=-1) / (real > 0).sum(axis=-1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class MetricScores:
    """The metrics of one model on one set of rows."""

    n_rows: int  # rows
    # proper scores; smaller is better
    log_loss: float
    brier: float
    # of the most likely segment; larger is better
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    kappa: float
    ece: float  # calibration error of the most likely segment; smaller is better
    # ranked probability score, calibration error averaged over segments, distance of the predicted
    # mix from the actual one; smaller is better
    rps: float
    class_ece: float
    mix_error: float
    # area under the ROC curve averaged over segments, and quadratic weighted κ; larger is better
    auc: float
    quadratic_kappa: float

    def to_json(self) -> dict[str, float]:
        """Return the numbers by name."""
        return asdict(self)


def score_forecast(probabilities: FloatArray, labels: IntArray) -> MetricScores:
    """Return all metrics of one forecast; the mean area is ½ where no segment has one."""
    guesses = probabilities.argmax(axis=1)
    counts = confusion_matrix(labels, guesses, probabilities.shape[1])
    ranks = column_ranks(probabilities)
    areas = classwise_roc_auc(probabilities, labels, ranks)
    return MetricScores(
        len(labels),
        log_loss(probabilities, labels),
        float(row_brier_score(probabilities, labels).mean()),
        float((guesses == labels).mean()),
        float(balanced_accuracy_from_counts(counts.astype(np.float64))),
        float(macro_f1_from_counts(counts.astype(np.float64))),
        cohen_kappa(counts),
        expected_calibration_error(probabilities, labels),
        float(row_ranked_probability_score(probabilities, labels).mean()),
        float(classwise_calibration_error(probabilities, labels, ranks).mean()),
        mix_error(probabilities, labels),
        float(np.nanmean(areas)) if np.isfinite(areas).any() else 0.5,
        quadratic_weighted_kappa(counts),
    )
