"""Measure one algorithm at all its numbers of segments, expensive metrics where they matter.

A metric means the same whether or not a candidate passes the gates; only its recorded number of
draws differs. Who failed is not compared with null samples.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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
from segpredict.segmentation.selection import stability
from segpredict.segmentation.selection.candidate import QualityGates, SegmentationCandidate
from segpredict.segmentation.selection.resampling import NullSample, ResampleSet
from segpredict.segmentation.selection.stability import (
    FitFunction,
    SilhouetteFolds,
    StabilityDraws,
    prediction_strength,
    rand_index,
)

NULL_QUANTILE = 0.95

METRIC_DIGITS = 6
MIN_DECISIVE_DRAWS = 5  # draws before a result may count as decided

# By number of segments.
Candidates = dict[int, SegmentationCandidate]
Metrics = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class AlgorithmCandidate:
    """One algorithm, with the settings of final fits and of refits.

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
        measure = _Measurement(algorithm, resamples, gates, fitted)
        found = {k: replace(candidates[k], **measure.one_fit(k)) for k in fitted}
        found = _with_metrics(found, measure.temporal_stability())
        found = _with_metrics(found, measure.seed_stability(found))
        draws = measure.bootstrap_draws(found)
        found = _with_metrics(found, {k: _bootstrap_metrics(draws[k]) for k in found})
        found = _with_metrics(found, measure.prediction_strengths(found))
        passing = {k: draws[k] for k in found if not gates.failed_gates(found[k])}
        found = _with_metrics(found, null_references(algorithm.fit_resample, resamples, passing))
    rounded = {k: _rounded(candidate) for k, candidate in found.items()}
    return {
        k: (replace(candidate, failed_gates=gates.failed_gates(candidate)), fitted[k])
        for k, candidate in rounded.items()
    }


def _with_metrics(found: Candidates, metrics: Metrics) -> Candidates:
    return {k: replace(candidate, **metrics.get(k, {})) for k, candidate in found.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Measurement:
    """What all metrics of one algorithm are measured with; each by number of segments."""

    algorithm: AlgorithmCandidate
    resamples: ResampleSet
    gates: QualityGates
    fitted: Mapping[int, Clusters]  # the groups of the candidates

    def one_fit(self, k: int) -> dict[str, Any]:
        """Return the metrics of one grouping alone."""
        clusters, points = self.fitted[k], self.resamples.points
        sample, folds = self.resamples.stability_sample, self.resamples.silhouette_folds
        labels = clusters.assign(points.matrix)
        sizes = np.bincount(labels, points.weights, minlength=clusters.k) / points.n_rows
        labels_of_folds = [clusters.assign(m) for m in folds.distance_matrices]
        return {
            "k": clusters.k,
            "smallest_share": float(sizes.min()),
            "largest_share": float(sizes.max()),
            "smallest_rows": float(sizes.min() * points.n_rows / self.resamples.windows),
            "value_step": _step(points, labels, clusters.k),
            "silhouette": folds.mean_silhouette(labels_of_folds),
            "inertia": stability.mean_inertia(points, labels),
            "tree_accuracy": stability.tree_describability(sample, clusters.assign(sample.matrix)),
            "noise_share": clusters.noise_share,
            # of some algorithms only
            **{name: clusters.facts.get(name) for name in ("agreement", "bic", "icl")},
        }

    def temporal_stability(self) -> Metrics:
        """Return the agreement with the segmentation of one horizon earlier."""
        earlier = self.resamples.earlier
        if earlier is None:
            return {}
        found = {}
        for k, before in self.algorithm.fit_final(earlier.points, list(self.fitted)).items():
            then = before.assign(earlier.earlier_points)
            now = self.fitted[k].assign(earlier.current_points)
            found[k] = {"temporal_stability": stability.rand_index(now, then)}
        return found

    def seed_stability(self, found: Candidates) -> Metrics:
        """Return the stability over random seeds."""
        options, sample = self.resamples.options, self.resamples.stability_sample
        fits, seed = self.algorithm.fit_final(sample, list(found)), self.algorithm.seed
        seeds = (replace(self.algorithm, seed=seed + 1 + run) for run in range(options.seed_runs))
        draws = stability.refit_stability(
            [partial(other.fit_final, sample) for other in seeds],
            sample,
            {k: rule.assign(sample.matrix) for k, rule in fits.items()},
            self._draw_limits(found, options.seed_runs),
            lambda run, drawn: (
                run >= MIN_DECISIVE_DRAWS
                and stability.is_decided(drawn.rand_indices, options.min_seed_stability)
            ),
        )
        return {
            k: {"seed_stability": drawn.mean_rand_index, "seed_runs": len(drawn.rand_indices)}
            for k, drawn in draws.items()
        }

    def bootstrap_draws(self, found: Candidates) -> dict[int, stability.StabilityDraws]:
        """Return how well groups are recovered when customers are resampled.

        A refit starts from scratch: one from the candidate's own centres would be biased in its
        favour.
        """
        options, sample = self.resamples.options, self.resamples.stability_sample
        limits = {"min_ari": options.min_rand_index, "min_jaccard": options.min_jaccard}
        labels = {k: rule.assign(sample.matrix) for k, rule in self.fitted.items()}
        return stability.refit_stability(
            [partial(self.algorithm.fit_resample, s) for s in self.resamples.bootstrap_samples],
            sample,
            {k: _by_value(sample, labels[k], rule.k) for k, rule in self.fitted.items()},
            self._draw_limits(found, options.bootstrap_draws),
            lambda _, drawn: (
                len(drawn.rand_indices) >= MIN_DECISIVE_DRAWS and drawn.is_hopeless(**limits)
            ),
        )

    def prediction_strengths(self, found: Candidates) -> Metrics:
        """Return the prediction strength.

        Its error accounts for halves that share rows: the variance of the mean of n is
        taken as (1/n + 1) times that of one (Nadeau and Bengio 2003), not 1/n.
        """
        limits = self._draw_limits(found, self.resamples.options.strength_splits)
        halves = self.resamples.split_halves
        strengths = stability.prediction_strength(self.algorithm.fit_resample, halves, limits)
        return {
            k: {
                "prediction_strength": float(np.mean(splits)),
                "prediction_strength_se": stability.standard_error(splits)
                * (len(splits) + 1) ** 0.5,
                "strength_splits": len(splits),
            }
            for k, splits in strengths.items()
            if splits
        }

    def _draw_limits(self, found: Candidates, max_draws: int) -> dict[int, int]:
        """Return how many draws each candidate gets: few, once a gate is failed."""
        few = min(self.gates.options.selection.min_draws, max_draws)
        failed = self.gates.failed_gates
        return {k: few if failed(each) else max_draws for k, each in found.items()}


def _step(points: WeightedPoints, labels: IndexArray, k: int) -> float:
    """Return the least distance between neighbouring groups in mean value."""
    before = np.zeros((k, points.integer_coordinates.shape[1]))
    value = np.sort(points.group_means(labels, before)[:, 0])
    return float(np.diff(value).min()) if k > 1 else 0.0


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


def _rounded(candidate: SegmentationCandidate) -> SegmentationCandidate:
    """Return the candidate with metrics of six digits, free of summation noise."""
    plain: dict[str, Any] = {
        name: round(value, METRIC_DIGITS)
        for name, value in asdict(candidate).items()
        if isinstance(value, float)
    }
    shares = tuple(round(share, METRIC_DIGITS) for share in candidate.jaccards)
    return replace(candidate, **plain, jaccards=shares)


@dataclass(frozen=True, slots=True)
class NullMetrics:
    """Metrics of one null sample."""

    # as measured for the candidate; `rand_index` is ``None`` without resamples
    silhouette: float
    prediction_strength: float
    rand_index: float | None


def null_references(
    fits: FitFunction, resamples: ResampleSet, draws: Mapping[int, StabilityDraws]
) -> dict[int, dict[str, float]]:
    """Return the metrics of `SegmentationCandidate` that compare candidates with null samples."""
    ks = list(draws)
    if not ks:
        return {}
    gaussian = [_null_metrics(fits, null, ks) for null in resamples.gaussian_nulls]
    permuted = [_null_metrics(fits, null, ks) for null in resamples.permuted_nulls]
    return {
        k: _comparison([c[k] for c in gaussian], [m[k] for m in permuted], draws[k])
        for k in ks
        if all(k in nulls for nulls in (*gaussian, *permuted))
    }


def _null_metrics(fits: FitFunction, null: NullSample, ks: Sequence[int]) -> dict[int, NullMetrics]:
    rules, places = fits(null.sample, ks), null.sample.matrix
    labels = {k: rule.assign(places) for k, rule in rules.items()}
    folds = SilhouetteFolds.from_sample(null.sample, folds=1)
    again = [fits(drawn, list(rules)) for drawn in null.resamples]
    weights = null.sample.weights
    rands = {
        k: [rand_index(own, fit[k].assign(places), weights) for fit in again if k in fit]
        for k, own in labels.items()
    }
    strengths = prediction_strength(fits, [null.split_halves], dict.fromkeys(rules, 1))
    found = {}
    for k, rule in rules.items():
        if strengths[k]:
            score = folds.mean_silhouette([rule.assign(m) for m in folds.distance_matrices])
            found[k] = NullMetrics(score, strengths[k][0], _mean(rands[k]) if rands[k] else None)
    return found


def _comparison(
    gaussian: Sequence[NullMetrics], permuted: Sequence[NullMetrics], drawn: StabilityDraws
) -> dict[str, float]:
    rands = [found.rand_index for found in gaussian if found.rand_index is not None]
    silhouettes = [[found.silhouette for found in kind] for kind in (gaussian, permuted)]
    strengths = [[found.prediction_strength for found in kind] for kind in (gaussian, permuted)]
    return {
        "null_silhouette": _mean(silhouettes[0]),
        "null_silhouette_high": max(map(_high, silhouettes)),
        "null_prediction_strength_high": max(map(_high, strengths)),
        "null_bootstrap_stability": _mean(rands),
        **_stability_score(drawn, rands),
    }


def _stability_score(drawn: StabilityDraws, rands: Sequence[float]) -> dict[str, float]:
    """Return by how many standard deviations the candidate is more stable."""
    spread = float(np.std(rands, ddof=1)) if len(rands) > 1 else 0.0
    spread = max(spread, 1e-3)  # no z without end where nothing varies
    score = (drawn.mean_rand_index - _mean(rands)) / spread
    count = len(rands)
    variance = (drawn.standard_error / spread) ** 2 + 1 / count
    variance += score**2 / (2 * max(count - 1, 1))
    return {"stability": score, "stability_se": math.sqrt(variance)}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _high(values: Sequence[float]) -> float:
    return float(np.quantile(values, NULL_QUANTILE))
