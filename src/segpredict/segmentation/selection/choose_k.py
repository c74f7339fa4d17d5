"""Choose the number of groups: gates of size and value step first, then the silhouette."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.errors import SupportError
from segpredict.segmentation.algorithms._assignment_rule import euclidean_distances
from segpredict.segmentation.algorithms._clusterer import Clusterer, Clusters, require_points
from segpredict.segmentation.algorithms._points import WeightedPoints, limit_to_one_thread

SILHOUETTE_SAMPLE = 3_000  # points for the silhouette; 2,000 came within .002 of the full figure
SCORE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class SizeGates:
    """Conditions on groups, so that each is large enough and different enough to act on.

    The value step is needed because purchase days are whole numbers: K-means can cut them into "1",
    "2", "3" and so on, and the silhouette rises with every such cut, up to the largest k allowed,
    although neighbours then spend the same.
    """

    # bounds on the share of the rows in any one group
    min_share: float = 0.02
    max_share: float = 0.60
    min_customers: float = 0.0  # least number of rows in any one group
    # least distance between neighbouring centres on the first axis, in its units
    min_value_step: float = 0.0

    def failed_gates(self, candidate: "SegmentCountCandidate", rows: int) -> tuple[str, ...]:
        """Return the names of the gates that a candidate does not pass."""
        is_passed = {
            "min_share": candidate.smallest_share >= self.min_share,
            "max_share": candidate.largest_share <= self.max_share,
            "min_rows": candidate.smallest_share * rows >= self.min_customers,
            "min_step": candidate.value_step >= self.min_value_step,
        }
        return tuple(name for name, is_met in is_passed.items() if not is_met)


@dataclass(frozen=True, slots=True)
class SegmentCountCandidate:
    """One number of groups that was tried, with its metrics."""

    k: int  # number of groups
    silhouette: float  # mean silhouette; descriptive only
    inertia: float  # mean squared distance of a row to its centre, in squared standard deviations
    # share of the rows in the smallest and the largest group
    smallest_share: float
    largest_share: float
    value_step: float  # smallest distance between neighbouring centres on the first axis
    failed_gates: tuple[str, ...] = ()  # gates that were not passed
    is_selected: bool = False  # whether this one was selected

    @property
    def passes(self) -> bool:
        """Whether all gates were passed."""
        return not self.failed_gates


@dataclass(frozen=True, slots=True, eq=False)
class SegmentCountChoice:
    """The selected groups, and all candidates."""

    clusters: Clusters  # the selected groups
    candidates: tuple[SegmentCountCandidate, ...]  # one for each number of groups, rising


def choose_segment_count(
    clusterer: Clusterer,
    points: WeightedPoints,
    ks: Sequence[int],
    gates: SizeGates,
    *,
    seed: int,
    n_init: int,
) -> SegmentCountChoice:
    """Return the best number of groups and the record of all that were tried.

    Among the candidates that pass the gates the one with the highest silhouette is
    selected; of equals the one with fewest groups. If none passes, it is the coarsest of
    those that fail the fewest gates.
    """
    require_points(points, min(ks))
    possible = [k for k in sorted(set(ks)) if k <= len(points)]
    if clusterer.is_density_based:
        possible = possible[:1]  # it finds the number itself, always the same one
    fits = _fit_possible(clusterer, points, possible, seed, n_init)
    if max(fit.k for fit in fits) < 2:
        raise SupportError(
            "The algorithm finds one dense region in the data, and no groups.",
            fix="choose another algorithm, such as kmeans.",
        )
    candidates = [
        _evaluated(points, fit, score, gates)
        for fit, score in zip(fits, silhouette_scores(points, *fits), strict=True)
    ]
    best = max(
        candidates, key=lambda c: (-len(c.failed_gates), c.silhouette if c.passes else 0.0, -c.k)
    )
    record = tuple(replace(c, is_selected=c is best) for c in candidates)
    return SegmentCountChoice(fits[candidates.index(best)], record)


def _fit_possible(
    clusterer: Clusterer, points: WeightedPoints, ks: Sequence[int], seed: int, n_init: int
) -> list[Clusters]:
    """Return the groups for each of `ks`, without the largest that the algorithm cannot make."""
    try:
        return clusterer.fit_many(points, ks, seed=seed, n_init=n_init)
    except SupportError:
        if len(ks) == 1:
            raise
        return _fit_possible(clusterer, points, ks[:-1], seed, n_init)


def _evaluated(
    points: WeightedPoints, fit: Clusters, score: float, gates: SizeGates
) -> SegmentCountCandidate:
    parts = cluster_shares(points, fit)
    inertia = round(fit.inertia / points.n_rows, SCORE_DIGITS)
    steps = np.diff(fit.centres[:, 0])
    step = round(float(steps.min()), SCORE_DIGITS) if len(steps) else 0.0
    candidates = SegmentCountCandidate(fit.k, score, inertia, min(parts), max(parts), step)
    return replace(candidates, failed_gates=gates.failed_gates(candidates, points.n_rows))


def cluster_shares(points: WeightedPoints, clusters: Clusters) -> tuple[float, ...]:
    """Return the share of the rows in each group, in the order of the centres."""
    labels = clusters.assign(points.matrix)
    sizes = np.bincount(labels, points.weights, minlength=clusters.k)
    return tuple((sizes / points.n_rows).tolist())


def silhouette_scores(
    points: WeightedPoints, *groups: Clusters, limit: int = SILHOUETTE_SAMPLE
) -> list[float]:
    """Return the mean silhouette of each grouping of the same points.

    s = (b − a) / max(a, b), with a the mean distance to the rest of the own group and b the mean
    distance to the nearest other group. High values do not prove that the groups are natural. After
    Rousseeuw (1987).
    """
    sample = points.quantize(limit)
    # Scaled to as many rows as points, so that a point that represents others is not
    # counted as copies of the row itself.
    scale = min(1.0, max(limit, len(sample)) / sample.n_rows)
    weights: FloatArray = sample.weights.astype(np.float64) * scale
    distances = euclidean_distances(sample.matrix, sample.matrix)
    with limit_to_one_thread():
        scores = [mean_silhouette(distances, weights, g.assign(sample.matrix)) for g in groups]
    return [round(score, SCORE_DIGITS) for score in scores]


def mean_silhouette(distances: FloatArray, weights: FloatArray, labels: IndexArray) -> float:
    """Return the mean silhouette of weighted rows from their distances; 0 for one."""
    _, groups = np.unique(labels, return_inverse=True)
    member = groups[:, None] == np.arange(groups.max() + 1)
    size = (member * weights[:, None]).sum(axis=0)
    to_group = distances @ (member * weights[:, None])
    own = to_group[member] / np.maximum((size - member)[member], 1e-12)
    other = np.where(member, np.inf, to_group / size).min(axis=1)
    larger = np.maximum(own, other)
    is_alone = (size[groups] <= 1) | ~np.isfinite(other) | (larger == 0)
    score = np.where(is_alone, 0.0, (other - own) / np.where(is_alone, 1.0, larger))
    return float((score * weights).sum() / weights.sum())
