"""Measure one algorithm at all its numbers of segments, expensive metrics where they matter.

A metric means the same whether or not a candidate passes the gates; only its recorded number of
draws differs. Who failed is not compared with null samples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from segpredict.segmentation.selection import internal_indices as indices
from segpredict.segmentation.selection import stability
from segpredict.segmentation.selection.candidate import QualityGates, SegmentationCandidate
from segpredict.segmentation.selection.null_reference import null_references
from segpredict.segmentation.selection.resampling import ResampleSet

METRIC_DIGITS = 6
MIN_DECISIVE_DRAWS = 5  # draws before a result may count as decided


@dataclass(frozen=True, slots=True, eq=False)
class AlgorithmCandidate:
    """One algorithm, with the settings of final fits and of refits.

    Examples
    --------
    >>> from segpredict.segmentation.algorithms import CLUSTERERS
    >>> points = WeightedPoints.from_matrix(np.array([[0.0], [1.0], [10.0], [11.0]]))
    >>> found = AlgorithmCandidate(CLUSTERERS.get("kmeans")).fit_final(points, [2, 3, 9])
    >>> {k: clusters.k for k, clusters in found.items()}
    {2: 2, 3: 3}
    """

    clusterer: Clusterer  # the algorithm
    # random starts of the final fit, and of a refit on a resample
    n_init: int = 20
    refit_starts: int = 2
    seed: int = 0  # seed of the final fit

    def fit_final(self, points: WeightedPoints, ks: Sequence[int]) -> dict[int, Clusters]:
        """Return the groups of final fits, by requested number."""
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
    """Return each candidate with its metrics, and its groups."""
    with limit_to_one_thread():
        fitted = algorithm.fit_final(resamples.points, list(candidates))
        found = {
            k: replace(
                candidates[k],
                **_internal_metrics(rule, resamples),
                **_algorithm_metrics(rule, resamples),
            )
            for k, rule in fitted.items()
        }
        found = _with_metrics(found, _temporal_stability(algorithm, fitted, resamples))
        found = _with_metrics(found, _seed_stability(algorithm, resamples, found, gates))
        draws = _bootstrap_draws(algorithm, fitted, resamples, found, gates)
        found = _with_metrics(found, {k: _bootstrap_metrics(draws[k]) for k in found})
        found = _with_metrics(found, _prediction_strengths(algorithm, resamples, found, gates))
        passing = {k: draws[k] for k in found if not gates.failed_gates(found[k])}
        found = _with_metrics(found, null_references(algorithm.fit_resample, resamples, passing))
    rounded = {k: _rounded(candidate) for k, candidate in found.items()}
    return {
        k: (replace(candidate, failed_gates=gates.failed_gates(candidate)), fitted[k])
        for k, candidate in rounded.items()
    }


def _internal_metrics(clusters: Clusters, resamples: ResampleSet) -> dict[str, Any]:
    points = resamples.points
    labels = clusters.assign(points.matrix)
    sizes = np.bincount(labels, points.weights, minlength=clusters.k) / points.n_rows
    folds = resamples.silhouette_folds
    return {
        "k": clusters.k,
        "smallest_share": float(sizes.min()),
        "largest_share": float(sizes.max()),
        "smallest_rows": float(sizes.min() * points.n_rows / resamples.windows),
        "value_step": _step(points, labels, clusters.k),
        "silhouette": folds.mean_silhouette([clusters.assign(m) for m in folds.distance_matrices]),
        "inertia": indices.mean_inertia(points, labels),
    }


def _step(points: WeightedPoints, labels: IndexArray, k: int) -> float:
    """Return the least distance between neighbouring groups in mean value."""
    before = np.zeros((k, points.integer_coordinates.shape[1]))
    value = np.sort(points.group_means(labels, before)[:, 0])
    return float(np.diff(value).min()) if k > 1 else 0.0


def _algorithm_metrics(clusters: Clusters, resamples: ResampleSet) -> dict[str, Any]:
    """Return tree accuracy, and metrics that only some algorithms have."""
    sample = resamples.stability_sample
    return {
        "tree_accuracy": indices.tree_describability(sample, clusters.assign(sample.matrix)),
        "noise_share": clusters.noise_share,
        **{name: clusters.facts.get(name) for name in ("agreement", "bic", "icl")},
    }


def _temporal_stability(
    algorithm: AlgorithmCandidate, selected: Mapping[int, Clusters], resamples: ResampleSet
) -> dict[int, dict[str, float]]:
    earlier = resamples.earlier
    if earlier is None:
        return {}
    found = {}
    for k, before in algorithm.fit_final(earlier.points, list(selected)).items():
        now = selected[k].assign(earlier.current_points)
        found[k] = {
            "temporal_stability": stability.rand_index(now, before.assign(earlier.earlier_points))
        }
    return found


def _with_metrics(
    found: Mapping[int, SegmentationCandidate], metrics: Mapping[int, Mapping[str, Any]]
) -> dict[int, SegmentationCandidate]:
    return {k: replace(candidate, **metrics.get(k, {})) for k, candidate in found.items()}


def _seed_stability(
    algorithm: AlgorithmCandidate,
    resamples: ResampleSet,
    found: Mapping[int, SegmentationCandidate],
    gates: QualityGates,
) -> dict[int, dict[str, float]]:
    """Return the stability over random seeds."""
    options, sample = resamples.options, resamples.stability_sample
    limits = _draw_limits(found, gates, options.seed_runs)
    fits = algorithm.fit_final(sample, list(found))
    labels = {k: rule.assign(sample.matrix) for k, rule in fits.items()}
    seeds = (replace(algorithm, seed=algorithm.seed + 1 + run) for run in range(options.seed_runs))
    draws = stability.refit_stability(
        [partial(other.fit_final, sample) for other in seeds],
        sample,
        labels,
        limits,
        lambda run, drawn: (
            run >= MIN_DECISIVE_DRAWS
            and stability.is_decided(drawn.rand_indices, options.min_seed_stability)
        ),
    )
    return {
        k: {"seed_stability": drawn.mean_rand_index, "seed_runs": len(drawn.rand_indices)}
        for k, drawn in draws.items()
    }


def _draw_limits(
    found: Mapping[int, SegmentationCandidate], gates: QualityGates, max_draws: int
) -> dict[int, int]:
    """Return how many draws each candidate gets: few, once a gate is failed."""
    few = min(gates.options.selection.min_draws, max_draws)
    return {k: few if gates.failed_gates(each) else max_draws for k, each in found.items()}


def _bootstrap_draws(
    algorithm: AlgorithmCandidate,
    selected: Mapping[int, Clusters],
    resamples: ResampleSet,
    found: Mapping[int, SegmentationCandidate],
    gates: QualityGates,
) -> dict[int, stability.StabilityDraws]:
    """Return how well groups are recovered when customers are resampled.

    A refit starts from scratch: one from the candidate's own centres would be biased in its favour.
    """
    options, sample = resamples.options, resamples.stability_sample
    return stability.refit_stability(
        [partial(algorithm.fit_resample, drawn) for drawn in resamples.bootstrap_samples],
        sample,
        {k: _by_value(sample, rule.assign(sample.matrix), rule.k) for k, rule in selected.items()},
        _draw_limits(found, gates, options.bootstrap_draws),
        lambda _, drawn: (
            len(drawn.rand_indices) >= MIN_DECISIVE_DRAWS
            and drawn.is_hopeless(min_ari=options.min_rand_index, min_jaccard=options.min_jaccard)
        ),
    )


def _by_value(sample: WeightedPoints, labels: IndexArray, k: int) -> IndexArray:
    """Return the groups numbered by rising mean of the first axis."""
    before = np.full((k, sample.integer_coordinates.shape[1]), np.inf)
    order = np.argsort(sample.group_means(labels, before)[:, 0], kind="stable")
    return np.asarray(np.argsort(order)[labels], np.intp)


def _bootstrap_metrics(drawn: stability.StabilityDraws) -> dict[str, Any]:
    if not drawn.rand_indices:
        return {}
    return {
        "bootstrap_stability": drawn.mean_rand_index,
        "bootstrap_stability_se": drawn.standard_error,
        "min_jaccard": min(drawn.mean_jaccards),
        "jaccards": drawn.mean_jaccards,
        "bootstrap_draws": len(drawn.rand_indices),
    }


def _prediction_strengths(
    algorithm: AlgorithmCandidate,
    resamples: ResampleSet,
    found: Mapping[int, SegmentationCandidate],
    gates: QualityGates,
) -> dict[int, dict[str, float]]:
    """Return the prediction strength.

    Its error accounts for halves that share rows: the variance of the mean of n is
    taken as (1/n + 1) times that of one (Nadeau and Bengio 2003), not 1/n.
    """
    limits = _draw_limits(found, gates, resamples.options.strength_splits)
    strengths = stability.prediction_strength(
        algorithm.fit_resample, resamples.split_halves, limits
    )
    return {
        k: {
            "prediction_strength": float(np.mean(splits)),
            "prediction_strength_se": stability.standard_error(splits) * (len(splits) + 1) ** 0.5,
            "strength_splits": len(splits),
        }
        for k, splits in strengths.items()
        if splits
    }


def _rounded(candidate: SegmentationCandidate) -> SegmentationCandidate:
    """Return the candidate with metrics of six digits, free of summation noise."""
    plain: dict[str, Any] = {
        name: round(value, METRIC_DIGITS)
        for name, value in candidate.to_state().items()
        if isinstance(value, float)
    }
    shares = tuple(round(share, METRIC_DIGITS) for share in candidate.jaccards)
    return replace(candidate, **plain, jaccards=shares)
