"""Agreement of two groupings of the same rows, whatever their labels."""

import numpy as np

from segpredict.core.arrays import FloatArray, IndexArray, IntArray


def contingency_table(
    first: IndexArray, second: IndexArray, weights: IntArray | FloatArray, *, groups: int = 0
) -> FloatArray:
    """Return how many rows lie in each pair of groups, first × second.

    The first has at least as many as `groups`, though some may be empty.
    """
    shape = max(int(first.max(initial=0)) + 1, groups), int(second.max(initial=0)) + 1
    pairs = np.bincount(first * shape[1] + second, weights, shape[0] * shape[1])
    return np.asarray(pairs.reshape(shape), np.float64)


def rand_index(
    first: IndexArray, second: IndexArray, weights: IntArray | FloatArray | None = None
) -> float:
    """Return the adjusted Rand index of two groupings of the same rows."""
    ones = np.ones(len(first)) if weights is None else weights
    return adjusted_rand_index(contingency_table(first, second, ones))


def adjusted_rand_index(table: FloatArray) -> float:
    """Return the adjusted Rand index of a contingency table of rows.

    Pairs of rows that both groupings put together, beyond what chance would, as a share of the most
    there could be beyond chance. 1 for equal groupings, about 0 for unrelated ones. A row of weight
    w counts as w rows. After Hubert and Arabie (1985).
    """
    both = _pairs(table).sum()
    first, second = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    chance = first * second / max(float(_pairs(table.sum())), 1.0)
    maximum = (first + second) / 2
    return float((both - chance) / (maximum - chance)) if maximum != chance else 1.0


def best_match_jaccard(table: FloatArray) -> FloatArray:
    """Return, for each group of the first, its Jaccard index with the best match of the second.

    Jaccard: rows in both, over rows in either. Below .6 a group has dissolved, from .75 on it is
    valid, from .85 on highly stable (Hennig). After Hennig (2007), Cluster-wise assessment of
    cluster stability.
    """
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0) - table
    shared = np.divide(table, union, out=np.zeros_like(table), where=union > 0)
    return np.asarray(shared.max(axis=1), np.float64)


def prediction_strength_of_table(table: FloatArray) -> float:
    """Return the prediction strength of a table: own groups × predicted groups.

    For the worst of the own groups, the share of its pairs of rows that the rule of the other half
    also puts together. Groups of one row are skipped. After Tibshirani and Walther (2005).
    """
    own = _pairs(table.sum(axis=1))
    predicted = _pairs(table).sum(axis=1)[own > 0] / own[own > 0]
    return float(predicted.min()) if len(predicted) else 1.0


def _pairs(counts: FloatArray) -> FloatArray:
    return np.asarray(counts * (counts - 1) / 2, np.float64)
