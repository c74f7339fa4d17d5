"""Intervals of differences between models: a paired bootstrap of customers, not of rows.

A customer is in several test windows and similar in all of them, so whole customers are drawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.significance import two_sided_p_value
from segpredict.core.arrays import FloatArray, IndexArray, IntArray

BOOTSTRAP_METRICS = ("log_loss", "brier", "accuracy", "balanced_accuracy", "macro_f1")
DRAWS_PER_CHUNK = 100  # draws at a time, to bound memory
MAX_RESAMPLING_UNITS = 4_000  # more customers than this are resampled in random groups
GROUPING_SEED = 7  # of the draw that puts customers into such groups
EXACT_INTEGER_LIMIT = 2**52  # whole numbers up to here add up without rounding in double precision
MAX_REPEATS = 64  # times that one customer may be drawn without a sum being rounded


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

    Each draw takes as many customers as there are, with replacement. All metrics are functions of
    sums over customers, so a draw is one row of a matrix product, and all models share it.
    """
    classes = next(iter(probabilities.values())).shape[1]
    members, size = number_customers([customers])
    columns = np.hstack([_metric_columns(given, labels) for given in probabilities.values()])
    sums = _sum_by_customer(columns, members, size)
    drawn = np.concatenate([weights @ sums for weights in shared_weights(seed, draws, size)])

    def of_each_model(table: FloatArray) -> dict[str, FloatArray]:
        parts = np.hsplit(table, len(probabilities))
        return {n: _metrics(part, classes) for n, part in zip(probabilities, parts, strict=True)}

    whole, spread = of_each_model(sums.sum(axis=0)[None]), of_each_model(drawn)
    model, *others = probabilities
    return {
        other: _intervals((whole[model] - whole[other])[0], spread[model] - spread[other])
        for other in others
    }


def number_customers(customers: Sequence[npt.NDArray[np.str_]]) -> tuple[IndexArray, int]:
    """Return the number of each row's customer, from 0 on, and how many customers there are.

    More than `MAX_RESAMPLING_UNITS` are put into so many random groups, which are numbered and
    drawn in their place: the variance of a sum over groups is that of a sum over customers.
    """
    _, members = np.unique(np.concatenate(customers), return_inverse=True)
    size = int(members.max()) + 1
    if size <= MAX_RESAMPLING_UNITS:
        return members, size
    groups = np.random.default_rng(GROUPING_SEED).permutation(size) % MAX_RESAMPLING_UNITS
    return groups[members], MAX_RESAMPLING_UNITS


def _sum_by_customer(rows: FloatArray, members: IndexArray, size: int) -> FloatArray:
    sums = [np.bincount(members, weights=column, minlength=size) for column in rows.T]
    return np.column_stack(sums)


def _metric_columns(probabilities: FloatArray, labels: IntArray) -> FloatArray:
    classes = probabilities.shape[1]
    losses = [f(probabilities, labels) for f in (metrics.row_log_loss, metrics.row_brier_score)]
    cells = labels * classes + probabilities.argmax(axis=1)
    return np.column_stack([round_losses(np.column_stack(losses)), np.eye(classes**2)[cells]])


def round_losses(losses: FloatArray) -> FloatArray:
    """Return multiples of 2⁻ᵏ, with k as large as exact sums of any draw allow."""
    scale = float(2.0 ** np.floor(np.log2(EXACT_INTEGER_LIMIT / (len(losses) * 64 * 16))))
    return np.round(losses * scale) / scale


def round_amounts(amounts: FloatArray) -> FloatArray:
    """Return amounts rounded so finely that sums of any draw are exact, in any order.

    >>> one, other = np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.2, 0.1])
    >>> bool(round_amounts(one).sum() == round_amounts(other).sum())
    True
    """
    total = float(np.abs(amounts).sum())
    if not total:
        return amounts
    scale = float(2.0 ** np.floor(np.log2(EXACT_INTEGER_LIMIT / (total * MAX_REPEATS))))
    return np.asarray(np.round(amounts * scale) / scale, dtype=np.float64)


def bootstrap_weights(rng: np.random.Generator, draws: int, size: int) -> FloatArray:
    """Return how often each customer is drawn, draws × customers."""
    picked = rng.integers(0, size, (draws, size)) + np.arange(draws)[:, None] * size
    counts = np.bincount(picked.ravel(), minlength=draws * size)
    return counts.reshape(draws, size).astype(np.float64)


def draw_weights(rng: np.random.Generator, draws: int, size: int) -> Iterator[FloatArray]:
    """Yield `bootstrap_weights` of all draws, so many at a time as memory allows."""
    for start in range(0, draws, DRAWS_PER_CHUNK):
        yield bootstrap_weights(rng, min(DRAWS_PER_CHUNK, draws - start), size)


@lru_cache(maxsize=1)
def shared_weights(seed: int, draws: int, size: int) -> tuple[FloatArray, ...]:
    """Return `draw_weights` of a seed, made once for all metrics of as many customers."""
    return tuple(draw_weights(np.random.default_rng(seed), draws, size))


def percentile_interval(spread: FloatArray) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % points of the finite draws; NaN without any."""
    finite = spread[np.isfinite(spread)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [0.025, 0.975])
    return float(low), float(high)


def safe_ratio(top: npt.ArrayLike, bottom: npt.ArrayLike) -> FloatArray:
    """Return a ratio, NaN where nothing is below the line.

    >>> safe_ratio([1.0, 2.0], [4.0, 0.0]).tolist()
    [0.25, nan]
    """
    one, other = np.asarray(top, dtype=np.float64), np.asarray(bottom, np.float64)
    whole = np.full(np.broadcast(one, other).shape, np.nan)
    return np.asarray(np.divide(one, other, out=whole, where=other != 0))


@dataclass(frozen=True, slots=True)
class Resampling:
    """Draws of customers behind an interval."""

    draws: int  # how many
    seed: int  # start of the draws

    def sums(self, customers: Sequence[npt.NDArray[np.str_]], rows: FloatArray) -> FloatArray:
        """Return the sum of each column over drawn customers, draws × columns."""
        members, size = number_customers(customers)
        sums = _sum_by_customer(rows, members, size)
        drawn = shared_weights(self.seed, self.draws, size)
        return np.concatenate([weights @ sums for weights in drawn])


def _metrics(sums: FloatArray, classes: int) -> FloatArray:
    counts = sums[:, 2:].reshape(-1, classes, classes)
    total = counts.sum(axis=(1, 2))
    hits = np.trace(counts, axis1=1, axis2=2)
    columns = [sums[:, 0] / total, sums[:, 1] / total, hits / total]
    columns += [metrics.balanced_accuracy_from_counts(counts), metrics.macro_f1_from_counts(counts)]
    return np.column_stack(columns)


def _intervals(value: FloatArray, spread: FloatArray) -> dict[str, DifferenceInterval]:
    low, high = np.quantile(spread, [0.025, 0.975], axis=0)
    found = {}
    for i, metric in enumerate(BOOTSTRAP_METRICS):
        p_value = two_sided_p_value(float(value[i]), spread[:, i])
        found[metric] = DifferenceInterval(float(value[i]), float(low[i]), float(high[i]), p_value)
    return found
