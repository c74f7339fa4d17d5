"""Intervals of differences between models: a paired bootstrap of customers, not of rows.

A customer is in several test windows and similar in all of them, so whole customers are
drawn, and model and baseline are evaluated on the same draw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.significance import two_sided_p_value
from segpredict.core.arrays import FloatArray, IntArray

BOOTSTRAP_METRICS = ("log_loss", "brier", "accuracy", "balanced_accuracy", "macro_f1")
DRAWS_PER_CHUNK = 100  # draws at a time, to bound memory
EXACT_INTEGER_LIMIT = 2**52  # whole numbers up to here add up without rounding in double precision


@dataclass(frozen=True, slots=True)
class DifferenceInterval:
    """A difference of a metric, model − baseline."""

    value: float  # on the rows as they are
    # the 2.5 % and 97.5 % points over the draws
    low: float
    high: float
    p_value: float = 1.0  # two-sided p-value, not adjusted for the number of comparisons

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return self.low > 0 or self.high < 0


def bootstrap_differences(
    probabilities: Mapping[str, FloatArray],
    labels: IntArray,
    customers: npt.NDArray[np.str_],
    *,
    draws: int,
    seed: int,
) -> dict[str, dict[str, DifferenceInterval]]:
    """Return the difference of the first model to each other one, per metric.

    Each draw takes as many customers as there are, with replacement. All metrics are
    functions of sums over customers, so a draw is one row of a matrix product; sums
    are of whole numbers, so their order does not matter.
    """
    _, members = np.unique(customers, return_inverse=True)
    size = int(members.max()) + 1
    sums = {
        name: _by_customer(given, labels, members, size) for name, given in probabilities.items()
    }
    classes = next(iter(probabilities.values())).shape[1]
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[FloatArray]] = {name: [] for name in probabilities}
    for start in range(0, draws, DRAWS_PER_CHUNK):
        weights = bootstrap_weights(rng, min(DRAWS_PER_CHUNK, draws - start), size)
        for name, given in sums.items():
            drawn[name].append(_metrics(weights @ given, classes))
    whole = {n: _metrics(s.sum(axis=0)[None], classes)[0] for n, s in sums.items()}
    spread = {name: np.concatenate(parts) for name, parts in drawn.items()}
    model, *others = probabilities
    return {
        other: _intervals(whole[model] - whole[other], spread[model] - spread[other])
        for other in others
    }


def _by_customer(
    probabilities: FloatArray, labels: IntArray, members: npt.NDArray[np.intp], size: int
) -> FloatArray:
    classes = probabilities.shape[1]
    losses = np.column_stack(
        [
            metrics.row_log_loss(probabilities, labels),
            metrics.row_brier_score(probabilities, labels),
        ]
    )
    cells = labels * classes + probabilities.argmax(axis=1)
    rows = np.column_stack([round_losses(losses), np.eye(classes**2)[cells]])
    return np.column_stack(
        [np.bincount(members, weights=column, minlength=size) for column in rows.T]
    )


def round_losses(losses: FloatArray) -> FloatArray:
    """Return multiples of 2⁻ᵏ, with k as large as exact sums of any draw allow."""
    scale = _scale(len(losses))
    return np.round(losses * scale) / scale


def _scale(rows: int) -> float:
    return float(2.0 ** np.floor(np.log2(EXACT_INTEGER_LIMIT / (rows * 64 * 16))))


def bootstrap_weights(rng: np.random.Generator, draws: int, size: int) -> FloatArray:
    """Return how often each customer is drawn, draws × customers."""
    picked = rng.integers(0, size, (draws, size)) + np.arange(draws)[:, None] * size
    counts = np.bincount(picked.ravel(), minlength=draws * size)
    return counts.reshape(draws, size).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Resampling:
    """Draws of customers behind an interval."""

    draws: int  # how many
    seed: int  # start of the draws

    def sums(self, customers: Sequence[npt.NDArray[np.str_]], rows: FloatArray) -> FloatArray:
        """Return the sum of each column over drawn customers, draws × columns."""
        _, members = np.unique(np.concatenate(customers), return_inverse=True)
        size = int(members.max()) + 1
        sums = np.column_stack(
            [np.bincount(members, weights=column, minlength=size) for column in rows.T]
        )
        rng = np.random.default_rng(self.seed)
        parts = [
            bootstrap_weights(rng, min(DRAWS_PER_CHUNK, self.draws - start), size) @ sums
            for start in range(0, self.draws, DRAWS_PER_CHUNK)
        ]
        return np.concatenate(parts)


def _metrics(sums: FloatArray, classes: int) -> FloatArray:
    counts = sums[:, 2:].reshape(-1, classes, classes)
    total = counts.sum(axis=(1, 2))
    hits = np.trace(counts, axis1=1, axis2=2)
    columns = [sums[:, 0] / total, sums[:, 1] / total, hits / total]
    columns += [metrics.balanced_accuracy_from_counts(counts), metrics.macro_f1_from_counts(counts)]
    return np.column_stack(columns)


def _intervals(value: FloatArray, spread: FloatArray) -> dict[str, DifferenceInterval]:
    low, high = np.quantile(spread, [0.025, 0.975], axis=0)
    return {
        metric: DifferenceInterval(
            float(value[i]),
            float(low[i]),
            float(high[i]),
            two_sided_p_value(float(value[i]), spread[:, i]),
        )
        for i, metric in enumerate(BOOTSTRAP_METRICS)
    }
