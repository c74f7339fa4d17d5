"""Measure one algorithm at all its numbers of segments: dear figures where they matter.

What has failed a gate is measured with few draws, and not against null worlds (but for
the gap statistic of K-means, which people ask for). A figure means the same whether or
not a candidate passes; only its number of draws differs, and that is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from segpredict.core.arrays import IndexArray
from segpredict.errors import SupportError
from segpredict.segmentation.algorithms import (
    Clusterer,
    Clusters,
    WeightedPoints,
    limit_to_one_thread,
)
from segpredict.segmentation.selection.agreement import adjusted_rand_index, contingency_table
from segpredict.segmentation.selection.candidate import QualityGates, SegmentationCandidate
from segpredict.segmentation.selection.internal_indices import (
    calinski_harabasz,
    davies_bouldin,
    dbcv_index,
    mean_inertia,
    tree_describability,
)
from segpredict.segmentation.selection.null_reference import gap_statistics, null_references
from segpredict.segmentation.selection.resampling import ResampleSet
from segpredict.segmentation.selection.stability import (
    StabilityDraws,
    bootstrap_stability,
    is_decided,
    prediction_strength,
    standard_error,
)

METRIC_DIGITS = 6
MAX_DBCV_ROWS = 1_000  # distinct points for DBCV, which looks at every pair
MIN_DECISIVE_DRAWS = 5  # draws before a verdict may be called clear
REFERENCE_COUNT = 1  # rank of the algorithm whose null worlds are always measured


@dataclass(frozen=True, slots=True, eq=False)
class AlgorithmCandidate:
    """One algorithm, as it would be fitted to ship and to test.

    Parameters
    ----------
    clusterer
        The algorithm.
    n_init, refit_starts
        Random starts of the fit that would ship, and of a refit on a resample.
    seed
        Seed of the fit that would ship.
    """

    clusterer: Clusterer
    n_init: int = 20
    refit_starts: int = 2
    seed: int = 0

    def fit_final(self, points: WeightedPoints, ks: Sequence[int]) -> dict[int, Clusters]:
        """Return the groups as they would ship, by number asked for."""
        return self._fits(points, ks, self.n_init)

    def fit_resample(self, points: WeightedPoints, ks: Sequence[int]) -> dict[int, Clusters]:
        """Return the groups of a resample, from fewer starts."""
        return self._fits(points, ks, self.refit_starts)

    def _fits(self, points: WeightedPoints, ks: Sequence[int], starts: int) -> dict[int, Clusters]:
        able = [k for k in ks if k <= len(points)]
        if not able:
            return {}
        try:
            fits = self.clusterer.fit_many(points, able, seed=self.seed, n_init=starts)
        except SupportError:
            if len(able) < 2:
                return {}
            # One number that cannot be had must not take the others with it.
            halves = able[: len(able) // 2], able[len(able) // 2 :]
            parts = [self._fits(points, half, starts) for half in halves]
            return parts[0] | parts[1]
        return dict(zip(able, fits, strict=True))


def measure_candidates(
    candidates: Mapping[int, SegmentationCandidate],
    algorithm: AlgorithmCandidate,
    resamples: ResampleSet,
    gates: QualityGates,
) -> dict[int, tuple[SegmentationCandidate, Clusters]]:
    """Return each trial with its figures, and the groups that were judged.

    Parameters
    ----------
    candidates
        What is tried, by number of segments asked for; numbers that the points do not
        support are left out of the answer.
    algorithm
        The algorithm.
    resamples
        What candidates of this instrument share.
    gates
        The gates.

    Raises
    ------
    ExtraMissingError
        When the algorithm needs an extra that is not installed.
    """
    with limit_to_one_thread():
        is_dense = algorithm.clusterer.is_density_based
        shipped = algorithm.fit_final(resamples.points, list(candidates))
        found = {
            k: replace(
                candidates[k],
                **_inside(rule, resamples),
                **_told(rule, resamples, is_dense=is_dense),
            )
            for k, rule in shipped.items()
        }
        then = _temporal(algorithm, shipped, resamples)
        found = {k: replace(t, temporal_stability=then.get(k)) for k, t in found.items()}
        found = _seeded(algorithm, resamples, found, gates)
        tallies = _tallies(algorithm, shipped, resamples, found, gates)
        found = {k: replace(t, **_returned(tallies[k])) for k, t in found.items()}
        found = _foretold(algorithm, resamples, found, gates)
        worth = {k: tallies[k] for k in found if not gates.failed_gates(found[k])}
        told = null_references(algorithm.fit_resample, resamples, worth)
        asked = (
            list(found) if algorithm.clusterer.complexity_rank == REFERENCE_COUNT else list(worth)
        )
        for k, figures in gap_statistics(algorithm.fit_resample, resamples, asked).items():
            more: dict[str, Any] = {**told.get(k, {}), **figures}
            found[k] = replace(found[k], **more)
    rounded = {k: _rounded(trial) for k, trial in found.items()}
    return {
        k: (replace(trial, failed_gates=gates.failed_gates(trial)), shipped[k])
        for k, trial in rounded.items()
    }


def _inside(clusters: Clusters, resamples: ResampleSet) -> dict[str, Any]:
    points = resamples.points
    labels = clusters.assign(points.matrix)
    sizes = np.bincount(labels, points.weights, minlength=clusters.k) / points.n_rows
    score, spread = resamples.silhouette_folds.mean_silhouette(
        [clusters.assign(matrix) for matrix in resamples.silhouette_folds.distance_matrices]
    )
    return {
        "k": clusters.k,
        "smallest_share": float(sizes.min()),
        "largest_share": float(sizes.max()),
        "smallest_rows": float(sizes.min() * points.n_rows / resamples.windows),
        "value_step": _step(points, labels, clusters.k),
        "silhouette": score,
        "silhouette_sd": spread,
        "calinski_harabasz": calinski_harabasz(points, labels),
        "davies_bouldin": davies_bouldin(points, labels),
        "inertia": mean_inertia(points, labels),
    }


def _step(points: WeightedPoints, labels: IndexArray, k: int) -> float:
    """Return the least distance between neighbouring groups in mean value."""
    before = np.zeros((k, points.integer_coordinates.shape[1]))
    value = np.sort(points.group_means(labels, before)[:, 0])
    return float(np.diff(value).min()) if k > 1 else 0.0


def _told(clusters: Clusters, resamples: ResampleSet, *, is_dense: bool) -> dict[str, Any]:
    """Return what a tree can tell, and what only some algorithms can be asked."""
    labels = clusters.assign(resamples.stability_sample.matrix)
    facts = clusters.facts
    return {
        "tree_accuracy": tree_describability(resamples.stability_sample, labels),
        "noise_share": clusters.noise_share,
        "agreement": facts.get("agreement"),
        "bic": facts.get("bic"),
        "icl": facts.get("icl"),
        "dbcv": _dense(resamples.stability_sample, labels) if is_dense else None,
    }


def _dense(sample: WeightedPoints, labels: IndexArray) -> float | None:
    """Return DBCV on at most a thousand distinct points at even steps."""
    step = -(-len(sample) // MAX_DBCV_ROWS)
    return dbcv_index(sample.matrix[::step], labels[::step])


def _temporal(
    algorithm: AlgorithmCandidate, selected: Mapping[int, Clusters], resamples: ResampleSet
) -> dict[int, float]:
    earlier = resamples.earlier
    if earlier is None:
        return {}
    ones = np.ones(len(earlier.current_points))
    return {
        k: adjusted_rand_index(
            contingency_table(
                selected[k].assign(earlier.current_points),
                before.assign(earlier.earlier_points),
                ones,
            )
        )
        for k, before in algorithm.fit_final(earlier.points, list(selected)).items()
    }


def _seeded(
    algorithm: AlgorithmCandidate,
    resamples: ResampleSet,
    found: Mapping[int, SegmentationCandidate],
    gates: QualityGates,
) -> dict[int, SegmentationCandidate]:
    """Return the trials with how well the sample's groups come back by seed."""
    options, sample = resamples.options, resamples.stability_sample
    matrix, limits = sample.matrix, _limits(found, gates, options.seed_runs)
    labels = {
        k: rule.assign(matrix) for k, rule in algorithm.fit_final(sample, list(found)).items()
    }
    tallies = {k: StabilityDraws() for k in labels}
    for draw in range(options.seed_runs):
        racing = [
            k
            for k, tally in tallies.items()
            if draw < limits[k]
            and not (
                draw >= MIN_DECISIVE_DRAWS
                and is_decided(tally.rand_indices, options.min_seed_stability)
            )
        ]
        other = replace(algorithm, seed=algorithm.seed + draw + 1)
        for k, rule in other.fit_final(sample, racing).items():
            tallies[k].add_draw(labels[k], rule.assign(matrix), sample)
    return {
        k: replace(
            trial, seed_stability=tallies[k].mean_rand_index, seed_runs=len(tallies[k].rand_indices)
        )
        if k in tallies
        else trial
        for k, trial in found.items()
    }


def _limits(
    found: Mapping[int, SegmentationCandidate], gates: QualityGates, most: int
) -> dict[int, int]:
    """Return how many draws each may have: few, once a gate is failed."""
    least = min(gates.options.selection.min_draws, most)
    return {k: least if gates.failed_gates(trial) else most for k, trial in found.items()}


def _tallies(
    algorithm: AlgorithmCandidate,
    selected: Mapping[int, Clusters],
    resamples: ResampleSet,
    found: Mapping[int, SegmentationCandidate],
    gates: QualityGates,
) -> dict[int, StabilityDraws]:
    options = resamples.options
    return bootstrap_stability(
        algorithm.fit_resample,
        resamples.stability_sample,
        {
            k: _by_value(
                resamples.stability_sample, rule.assign(resamples.stability_sample.matrix), rule.k
            )
            for k, rule in selected.items()
        },
        resamples.bootstrap_samples,
        _limits(found, gates, options.bootstrap_draws),
        lambda tally: (
            len(tally.rand_indices) >= MIN_DECISIVE_DRAWS
            and tally.is_hopeless(min_ari=options.min_rand_index, min_jaccard=options.min_jaccard)
        ),
    )


def _by_value(sample: WeightedPoints, labels: IndexArray, k: int) -> IndexArray:
    """Return the groups numbered by rising mean of the first axis."""
    before = np.full((k, sample.integer_coordinates.shape[1]), np.inf)
    order = np.argsort(sample.group_means(labels, before)[:, 0], kind="stable")
    return np.asarray(np.argsort(order)[labels], np.intp)


def _returned(tally: StabilityDraws) -> dict[str, Any]:
    if not tally.rand_indices:
        return {}
    return {
        "bootstrap_stability": tally.mean_rand_index,
        "bootstrap_stability_se": tally.standard_error,
        "min_jaccard": min(tally.mean_jaccards),
        "jaccards": tally.mean_jaccards,
        "bootstrap_draws": len(tally.rand_indices),
    }


def _foretold(
    algorithm: AlgorithmCandidate,
    resamples: ResampleSet,
    found: Mapping[int, SegmentationCandidate],
    gates: QualityGates,
) -> dict[int, SegmentationCandidate]:
    """Return the trials with prediction strength.

    Its error counts that halvings share their rows: the variance of the mean of n is
    taken as (1/n + 1) times that of one (Nadeau and Bengio 2003), not 1/n.
    """
    limits = _limits(found, gates, resamples.options.strength_splits)
    told = prediction_strength(algorithm.fit_resample, resamples.split_halves, limits)
    return {
        k: replace(
            trial,
            prediction_strength=float(np.mean(told[k])),
            prediction_strength_se=standard_error(told[k]) * (len(told[k]) + 1) ** 0.5,
            strength_splits=len(told[k]),
        )
        if told[k]
        else trial
        for k, trial in found.items()
    }


def _rounded(candidate: SegmentationCandidate) -> SegmentationCandidate:
    """Return the trial with figures of six digits, free of what sums leave behind."""
    plain: dict[str, Any] = {
        name: round(value, METRIC_DIGITS)
        for name, value in candidate.to_state().items()
        if isinstance(value, float)
    }
    shares = tuple(round(share, METRIC_DIGITS) for share in candidate.jaccards)
    return replace(candidate, **plain, jaccards=shares)
