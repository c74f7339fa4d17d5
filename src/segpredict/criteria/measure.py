"""Measure one algorithm at all its numbers of segments: dear figures where they matter.

What has failed a gate is measured with few draws, and not against null worlds (but for
the gap statistic of K-means, which people ask for). A figure means the same whether or
not a candidate passes; only its number of draws differs, and that is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from segpredict.clustering import Clusterer, Clusters, Labels, Points, one_thread
from segpredict.criteria.agreement import contingency, rand
from segpredict.criteria.null import gaps, references
from segpredict.criteria.resampling import Bench
from segpredict.criteria.stability import (
    Tally,
    bootstrapped,
    error,
    foretold,
    is_clear,
)
from segpredict.criteria.trial import Bar, Trial
from segpredict.criteria.validity import (
    calinski_harabasz,
    davies_bouldin,
    dbcv,
    describability,
    inertia,
)
from segpredict.errors import SupportError

DIGITS = 6
DENSE = 1_000  # distinct points for DBCV, which looks at every pair
CLEAR = 5  # draws before a verdict may be called clear
REFERENCE = 1  # rank of the algorithm whose null worlds are always measured


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """One algorithm, as it would be fitted to ship and to test.

    Parameters
    ----------
    clusterer
        The algorithm.
    n_init, starts
        Random starts of the fit that would ship, and of a refit on a resample.
    seed
        Seed of the fit that would ship.
    """

    clusterer: Clusterer
    n_init: int = 20
    starts: int = 2
    seed: int = 0

    def ship(self, points: Points, ks: Sequence[int]) -> dict[int, Clusters]:
        """Return the groups as they would ship, by number asked for."""
        return self._fits(points, ks, self.n_init)

    def refit(self, points: Points, ks: Sequence[int]) -> dict[int, Clusters]:
        """Return the groups of a resample, from fewer starts."""
        return self._fits(points, ks, self.starts)

    def _fits(
        self, points: Points, ks: Sequence[int], starts: int
    ) -> dict[int, Clusters]:
        able = [k for k in ks if k <= len(points)]
        if not able:
            return {}
        try:
            fits = self.clusterer.sweep(points, able, seed=self.seed, n_init=starts)
        except SupportError:
            if len(able) < 2:
                return {}
            # One number that cannot be had must not take the others with it.
            halves = able[: len(able) // 2], able[len(able) // 2 :]
            parts = [self._fits(points, half, starts) for half in halves]
            return parts[0] | parts[1]
        return dict(zip(able, fits, strict=True))


def measure(
    trials: Mapping[int, Trial], contender: Contender, bench: Bench, bar: Bar
) -> dict[int, tuple[Trial, Clusters]]:
    """Return each trial with its figures, and the groups that were judged.

    Parameters
    ----------
    trials
        What is tried, by number of segments asked for; numbers that the points do not
        support are left out of the answer.
    contender
        The algorithm.
    bench
        What candidates of this instrument share.
    bar
        The gates.

    Raises
    ------
    ExtraMissingError
        When the algorithm needs an extra that is not installed.
    """
    with one_thread():
        is_dense = contender.clusterer.is_density
        shipped = contender.ship(bench.points, list(trials))
        found = {
            k: replace(
                trials[k],
                **_inside(rule, bench),
                **_told(rule, bench, is_dense=is_dense),
            )
            for k, rule in shipped.items()
        }
        then = _temporal(contender, shipped, bench)
        found = {k: replace(t, temporal=then.get(k)) for k, t in found.items()}
        found = _seeded(contender, bench, found, bar)
        tallies = _tallies(contender, shipped, bench, found, bar)
        found = {k: replace(t, **_returned(tallies[k])) for k, t in found.items()}
        found = _foretold(contender, bench, found, bar)
        worth = {k: tallies[k] for k in found if not bar.failed(found[k])}
        told = references(contender.refit, bench, worth)
        asked = list(found) if contender.clusterer.rank == REFERENCE else list(worth)
        for k, figures in gaps(contender.refit, bench, asked).items():
            more: dict[str, Any] = {**told.get(k, {}), **figures}
            found[k] = replace(found[k], **more)
    rounded = {k: _rounded(trial) for k, trial in found.items()}
    return {
        k: (replace(trial, failed=bar.failed(trial)), shipped[k])
        for k, trial in rounded.items()
    }


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
        "calinski_harabasz": calinski_harabasz(points, labels),
        "davies_bouldin": davies_bouldin(points, labels),
        "inertia": inertia(points, labels),
    }


def _step(points: Points, labels: Labels, k: int) -> float:
    """Return the least distance between neighbouring groups in mean value."""
    before = np.zeros((k, points.grains.shape[1]))
    value = np.sort(points.means(labels, before)[:, 0])
    return float(np.diff(value).min()) if k > 1 else 0.0


def _told(clusters: Clusters, bench: Bench, *, is_dense: bool) -> dict[str, Any]:
    """Return what a tree can tell, and what only some algorithms can be asked."""
    labels = clusters.assign(bench.sample.matrix)
    facts = clusters.facts
    return {
        "tree": describability(bench.sample, labels),
        "noise": clusters.noise,
        "agreement": facts.get("agreement"),
        "bic": facts.get("bic"),
        "icl": facts.get("icl"),
        "dbcv": _dense(bench.sample, labels) if is_dense else None,
    }


def _dense(sample: Points, labels: Labels) -> float | None:
    """Return DBCV on at most a thousand distinct points at even steps."""
    step = -(-len(sample) // DENSE)
    return dbcv(sample.matrix[::step], labels[::step])


def _temporal(
    contender: Contender, shipped: Mapping[int, Clusters], bench: Bench
) -> dict[int, float]:
    earlier = bench.earlier
    if earlier is None:
        return {}
    ones = np.ones(len(earlier.now))
    return {
        k: rand(
            contingency(
                shipped[k].assign(earlier.now), before.assign(earlier.then), ones
            )
        )
        for k, before in contender.ship(earlier.points, list(shipped)).items()
    }


def _seeded(
    contender: Contender, bench: Bench, found: Mapping[int, Trial], bar: Bar
) -> dict[int, Trial]:
    """Return the trials with how well the sample's groups come back by seed."""
    options, sample = bench.options, bench.sample
    matrix, limits = sample.matrix, _limits(found, bar, options.seeds)
    labels = {
        k: rule.assign(matrix)
        for k, rule in contender.ship(sample, list(found)).items()
    }
    tallies = {k: Tally() for k in labels}
    for draw in range(options.seeds):
        racing = [
            k
            for k, tally in tallies.items()
            if draw < limits[k]
            and not (draw >= CLEAR and is_clear(tally.rands, options.min_seed))
        ]
        other = replace(contender, seed=contender.seed + draw + 1)
        for k, rule in other.ship(sample, racing).items():
            tallies[k].add(labels[k], rule.assign(matrix), sample)
    return {
        k: replace(trial, seed=tallies[k].mean, seeds=len(tallies[k].rands))
        if k in tallies
        else trial
        for k, trial in found.items()
    }


def _limits(found: Mapping[int, Trial], bar: Bar, most: int) -> dict[int, int]:
    """Return how many draws each may have: few, once a gate is failed."""
    least = min(bar.options.compare.least, most)
    return {k: least if bar.failed(trial) else most for k, trial in found.items()}


def _tallies(
    contender: Contender,
    shipped: Mapping[int, Clusters],
    bench: Bench,
    found: Mapping[int, Trial],
    bar: Bar,
) -> dict[int, Tally]:
    options = bench.options
    return bootstrapped(
        contender.refit,
        bench.sample,
        {
            k: _by_value(bench.sample, rule.assign(bench.sample.matrix), rule.k)
            for k, rule in shipped.items()
        },
        bench.resamples,
        _limits(found, bar, options.draws),
        lambda tally: (
            len(tally.rands) >= CLEAR
            and tally.is_missed(
                min_ari=options.min_ari, min_jaccard=options.min_jaccard
            )
        ),
    )


def _by_value(sample: Points, labels: Labels, k: int) -> Labels:
    """Return the groups numbered by rising mean of the first axis."""
    before = np.full((k, sample.grains.shape[1]), np.inf)
    order = np.argsort(sample.means(labels, before)[:, 0], kind="stable")
    return np.asarray(np.argsort(order)[labels], np.intp)


def _returned(tally: Tally) -> dict[str, Any]:
    if not tally.rands:
        return {}
    return {
        "bootstrap": tally.mean,
        "bootstrap_se": tally.error,
        "jaccard": min(tally.jaccards),
        "jaccards": tally.jaccards,
        "draws": len(tally.rands),
    }


def _foretold(
    contender: Contender, bench: Bench, found: Mapping[int, Trial], bar: Bar
) -> dict[int, Trial]:
    """Return the trials with prediction strength.

    Its error counts that halvings share their rows: the variance of the mean of n is
    taken as (1/n + 1) times that of one (Nadeau and Bengio 2003), not 1/n.
    """
    limits = _limits(found, bar, bench.options.splits)
    told = foretold(contender.refit, bench.halves, limits)
    return {
        k: replace(
            trial,
            strength=float(np.mean(told[k])),
            strength_se=error(told[k]) * (len(told[k]) + 1) ** 0.5,
            splits=len(told[k]),
        )
        if told[k]
        else trial
        for k, trial in found.items()
    }


def _rounded(trial: Trial) -> Trial:
    """Return the trial with figures of six digits, free of what sums leave behind."""
    plain: dict[str, Any] = {
        name: round(value, DIGITS)
        for name, value in trial.state().items()
        if isinstance(value, float)
    }
    shares = tuple(round(share, DIGITS) for share in trial.jaccards)
    return replace(trial, **plain, jaccards=shares)
