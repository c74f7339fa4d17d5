"""Measure one way to segment: cheap figures first, dear ones where they can matter."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from segpredict.clustering import Clusterer, Clusters, Floats, Labels, Points
from segpredict.criteria import internal
from segpredict.criteria.agreement import contingency, rand
from segpredict.criteria.bench import Bench
from segpredict.criteria.density import dbcv
from segpredict.criteria.describe import describability
from segpredict.criteria.gates import Bar
from segpredict.criteria.null import on_sample, reference
from segpredict.criteria.stability import (
    Returns,
    bootstrapped,
    error,
    foretold,
    is_clear,
)
from segpredict.criteria.trial import Trial

DIGITS = 6
DENSE = 1_000  # distinct points for DBCV, which looks at every pair
REFERENCE = 1  # rank of the algorithm whose null worlds are always measured


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One way to segment: an algorithm and a number of groups.

    Parameters
    ----------
    clusterer, k
        The algorithm and the number.
    n_init, starts
        Random starts of the fit that would ship, and of a refit on a resample.
    seed
        Seed of the fit that would ship.
    """

    clusterer: Clusterer
    k: int
    n_init: int
    starts: int
    seed: int = 0

    def fit(self, points: Points) -> Clusters:
        """Return the groups as they would ship."""
        return self.clusterer.fit(points, self.k, seed=self.seed, n_init=self.n_init)

    def refit(self, points: Points) -> Clusters:
        """Return the groups of a resample, from fewer starts."""
        return self.clusterer.fit(points, self.k, seed=self.seed, n_init=self.starts)

    def reseeded(self, points: Points, seed: int) -> Clusters:
        """Return the groups as they would ship under another seed."""
        return replace(self, seed=seed).fit(points)


def measure(
    trial: Trial, candidate: Candidate, bench: Bench, bar: Bar
) -> tuple[Trial, Clusters]:
    """Return a trial with its figures, and the groups that were judged.

    Parameters
    ----------
    trial
        Says what is tried.
    candidate
        The algorithm and the number of groups.
    bench
        What candidates of this instrument share.
    bar
        The gates.

    Raises
    ------
    SupportError
        When there are fewer distinct points than groups.

    Notes
    -----
    What has failed a gate is measured with few draws, and not against null worlds
    (K-means always is, for the gap statistic). The figures of the table are the same
    whether or not a candidate passes; only their number of draws differs, and is told.
    """
    with threadpool_limits(1):
        clusters = candidate.fit(bench.points)
        found = replace(trial, **_inside(clusters, bench))
        found = replace(found, **_told(clusters, bench))
        found = replace(found, temporal=_temporal(candidate, clusters, bench))
        found = replace(found, **_seeds(candidate, bench, bar.failed(found)))
        returns = _returns(candidate, clusters, bench, bar.failed(found), bar)
        found = replace(found, **_returned(returns))
        found = replace(found, **_strength(candidate, bench, bar.failed(found)))
        if not bar.failed(found) or trial.rank == REFERENCE:
            own = on_sample(bench.sample, candidate.refit)
            found = replace(found, **reference(candidate.refit, bench, own, returns))
    rounded = _rounded(found)
    return replace(rounded, failed=bar.failed(rounded)), clusters


def _inside(clusters: Clusters, bench: Bench) -> dict[str, Any]:
    points = bench.points
    labels = clusters.assign(points.matrix)
    sizes = np.bincount(labels, points.weights, minlength=clusters.k) / points.rows
    score, spread = bench.folds.silhouette(
        [clusters.assign(matrix) for matrix in bench.folds.matrices]
    )
    return {
        "k": clusters.k,
        "smallest": float(sizes.min()),
        "largest": float(sizes.max()),
        "fewest": float(sizes.min() * points.rows / bench.windows),
        "step": _step(points, labels, clusters.k),
        "silhouette": score,
        "silhouette_sd": spread,
        "calinski_harabasz": internal.calinski_harabasz(points, labels),
        "davies_bouldin": internal.davies_bouldin(points, labels),
        "inertia": internal.inertia(points, labels),
    }


def _step(points: Points, labels: Labels, k: int) -> float:
    """Return the least distance between neighbouring groups in mean value."""
    before = np.zeros((k, points.grains.shape[1]))
    value = np.sort(points.means(labels, before)[:, 0])
    return float(np.diff(value).min()) if k > 1 else 0.0


def _told(clusters: Clusters, bench: Bench) -> dict[str, Any]:
    """Return what a tree can tell, and what only some algorithms can be asked."""
    labels = clusters.assign(bench.sample.matrix)
    return {"tree": describability(bench.sample, labels)}


def dense(sample: Points, labels: Labels) -> float | None:
    """Return DBCV on at most a thousand distinct points at even steps."""
    step = -(-len(sample) // DENSE)
    matrix: Floats = sample.matrix[::step]
    return dbcv(matrix, labels[::step])


def _temporal(
    candidate: Candidate, clusters: Clusters, bench: Bench
) -> float | None:
    earlier = bench.earlier
    if earlier is None:
        return None
    then = candidate.fit(earlier.points).assign(earlier.then)
    now = clusters.assign(earlier.now)
    return rand(contingency(now, then, np.ones(len(now))))


def _seeds(
    candidate: Candidate, bench: Bench, failed: tuple[str, ...]
) -> dict[str, Any]:
    """Return how well the groups of the sample come back under other seeds."""
    options, sample = bench.options, bench.sample
    places = sample.matrix
    labels = candidate.fit(sample).assign(places)
    most = min(options.least, options.seeds) if failed else options.seeds
    found: list[float] = []
    for seed in range(1, most + 1):
        again = candidate.reseeded(sample, candidate.seed + seed).assign(places)
        found.append(rand(contingency(labels, again, sample.weights)))
        if len(found) >= options.least and is_clear(found, options.min_seed):
            break
    return {"seed": float(np.mean(found)), "seeds": len(found)}


def _returns(
    candidate: Candidate,
    clusters: Clusters,
    bench: Bench,
    failed: tuple[str, ...],
    bar: Bar,
) -> Returns:
    options = bar.options.compare
    resamples = bench.resamples[: options.least] if failed else bench.resamples
    labels = clusters.assign(bench.sample.matrix)
    bars = options.min_ari, options.min_jaccard
    return bootstrapped(
        candidate.refit,
        bench.sample,
        _by_value(bench.sample, labels, clusters.k),
        resamples,
        least=options.least,
        bars=bars,
    )


def _by_value(sample: Points, labels: Labels, k: int) -> Labels:
    """Return the groups numbered by rising mean of the first axis."""
    before = np.full((k, sample.grains.shape[1]), np.inf)
    order = np.argsort(sample.means(labels, before)[:, 0], kind="stable")
    return np.asarray(np.argsort(order)[labels], np.intp)


def _returned(returns: Returns) -> dict[str, Any]:
    return {
        "bootstrap": returns.rand,
        "bootstrap_se": returns.error,
        "jaccard": min(returns.jaccards),
        "jaccards": returns.jaccards,
        "draws": returns.draws,
    }


def _strength(
    candidate: Candidate, bench: Bench, failed: tuple[str, ...]
) -> dict[str, Any]:
    """Return prediction strength; its error counts that halvings share their rows.

    The variance of the mean of n halvings is taken as (1/n + 1) times that of one
    (Nadeau and Bengio 2003), not 1/n.
    """
    splits = bench.halves[: bench.options.least] if failed else bench.halves
    found = [foretold(candidate.refit, halves) for halves in splits]
    count = len(found)
    return {
        "strength": float(np.mean(found)),
        "strength_se": error(found) * (count + 1) ** 0.5,
        "splits": count,
    }


def _rounded(trial: Trial) -> Trial:
    """Return the trial with figures of six digits, free of what sums leave behind."""
    plain = {
        name: round(value, DIGITS)
        for name, value in trial.state().items()
        if isinstance(value, float)
    }
    shares = tuple(round(share, DIGITS) for share in trial.jaccards)
    return replace(trial, **plain, jaccards=shares)
