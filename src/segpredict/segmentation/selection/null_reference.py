"""What the same algorithm finds in null samples without groups."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.segmentation.selection.internal_indices import SilhouetteFolds
from segpredict.segmentation.selection.resampling import NullSample, ResampleSet
from segpredict.segmentation.selection.stability import (
    FitFunction,
    StabilityDraws,
    prediction_strength,
    rand_index,
)

NULL_QUANTILE = 0.95


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
