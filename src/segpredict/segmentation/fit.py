"""From clustering inputs to finished segments: clustered, overridden, named, checked.

Or refitted on newer windows: starting from the earlier centres, and matched to their segments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict.config.segmentation import SegmentationOptions
from segpredict.core import schemas
from segpredict.core.arrays import FloatArray, IndexArray
from segpredict.errors import ConfigError
from segpredict.segmentation.algorithms import (
    CLUSTERERS,
    Clusters,
    NearestCentre,
    WeightedPoints,
    settle,
)
from segpredict.segmentation.algorithms._points import COORDINATE_SCALE
from segpredict.segmentation.fit_groups import fit_groups
from segpredict.segmentation.identity import SegmentMatch, match_segments
from segpredict.segmentation.inputs import InputAxis, placed
from segpredict.segmentation.model import ClusterGroup, Segmentation
from segpredict.segmentation.overrides import (
    apply_overrides,
    fit_segment_rules,
    rows_without_rule,
    segment_codes_of_rows,
)
from segpredict.segmentation.selection.stability import best_match_jaccard, contingency_table

MIN_IMPROVEMENT = 0.01  # of the inertia, by which new starts must beat the old centres
MAX_ITERATIONS = 100

STABILITY_DRAWS = 20
DISSOLVED_JACCARD = 0.60  # mean Jaccard below which a cluster is said to dissolve
STABILITY_SAMPLE = 3_000  # points; a coarse check that runs on every fit
REFIT_STARTS = 3
FAST_RULES = ("centres", "mixture")  # kinds of rule whose fits take milliseconds


def fit_segmentation(
    inputs: pl.DataFrame,
    options: SegmentationOptions | None = None,
    horizon: int = 91,
    earlier: Segmentation | None = None,
) -> Segmentation:
    """Fit the segments on past windows, apply the overrides, and freeze them.

    `inputs` are `schemas.CLUSTERING_INPUTS_SCHEMA`: one row per customer and window with an order;
    windows of one length (`horizon` days), all of which ended on or before the first test cutoff.
    Ids and names of an earlier fit are kept (`refit_groups`).

    Rule-based segments are taken out first; the rest is clustered (`fit_groups`), groups are
    merged as configured, and segments are numbered by rising mean spend and named from
    their profile. Warnings report the effect of weights, and segments that dissolve.

    Raises `SchemaError` when the clustering inputs do not match their schema;
    `TooFewCustomersError` or `SupportError` when there are fewer customers, or fewer distinct ones,
    than segments; `UnknownNameError` or `ConfigError` when the config names a segment that does not
    exist, or gives one name twice.

    >>> schema = {"customer_id": pl.String, "end": pl.Int32, "days": pl.Int32, "spend": pl.Int64}
    >>> bought = [(f"c{n:02}", 91, 4 ** (n % 3), 90_000 * 4 ** (n % 3)) for n in range(30)]
    >>> rows = pl.DataFrame(bought, schema, orient="row")
    >>> found = fit_segmentation(rows, SegmentationOptions(k=3, n_init=2))
    >>> [segment.name for segment in found.segments]
    ['Inactive', 'Occasional', 'Regular', 'Core']
    """
    options = options or SegmentationOptions()
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    rules = fit_segment_rules(rows, options.overrides.rules) if rows.height else ()
    clustered = rows_without_rule(rows, rules)
    unnamed = replace(options, names={})
    ids: tuple[str, ...] = ()
    if earlier is None:
        groups = fit_groups(clustered, unnamed, horizon)
    else:
        groups, ids = refit_groups(earlier, clustered, unnamed, horizon)
    overridden = apply_overrides(groups, rows, options, rules, ids=ids, earlier=earlier)
    stable = with_stability(overridden, rows, options)
    return _with_weight_warning(stable, clustered, options, horizon)


def _with_weight_warning(
    overridden: Segmentation, rows: pl.DataFrame, options: SegmentationOptions, horizon: int
) -> Segmentation:
    """Return the segments with a warning that says what the weights have changed."""
    from sklearn.metrics import adjusted_rand_score

    weights = options.overrides.axis_weights
    if all(weight == 1 for weight in weights.values()):
        return overridden
    even = replace(options.overrides, axis_weights={}, merged=(), pinned_ids=(), rules={})
    plain = replace(options, overrides=even, names={}, k=overridden.clusters.k)
    equal_weights = fit_groups(rows, plain, horizon)
    weighted, unweighted = (segment_codes_of_rows(s, rows) for s in (overridden, equal_weights))
    rand_index = adjusted_rand_score(unweighted.to_list(), weighted.to_list())
    shares = [
        f"{segment.name} {_share(weighted, segment.code):.0%} of the active customers "
        f"(equal weights: {_share(unweighted, segment.code):.0%})"
        for segment in overridden.segments[1:]
        if segment.id not in {rule.id for rule in overridden.segment_rules}
    ]
    listed = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
    warning = (
        f"Weights {listed}: the adjusted Rand index with equal weights is {rand_index:.2f}. "
        f"By rank of value: {'; '.join(shares)}."
    )
    return replace(overridden, warnings=(*overridden.warnings, warning))


def _share(codes: pl.Series, code: int) -> float:
    return float((codes == code).sum() / max(len(codes), 1))


def with_stability(
    segmentation: Segmentation, rows: pl.DataFrame, options: SegmentationOptions
) -> Segmentation:
    """Return the segments with their stability, and a warning where one dissolves.

    Customers are drawn 20 times with replacement, each with all their windows, and clustered by the
    same algorithm; each group's stability is its highest Jaccard index with a new group, over all
    rows. Means below .60 count as dissolved, .75 is what a group should reach. A segment of several
    merged groups is as stable as the least stable of them. Slow algorithms are skipped; `segpredict
    cluster --compare` measures all. After Hennig (2007), cluster-wise assessment of cluster
    stability.
    """
    if segmentation.clusters.assignment_rule.kind not in FAST_RULES:
        return segmentation
    if segmentation.segment_rules:
        rows = rows.filter(~pl.any_horizontal(r.matches for r in segmentation.segment_rules))
    group_means = _group_stability(_SampledRows.of(rows, segmentation), segmentation, options)
    codes = segmentation.group_codes
    stability = {
        code: min(m for m, c in zip(group_means, codes, strict=True) if c == code)
        for code in set(codes)
    }
    names = {segment.code: segment.name for segment in segmentation.segments}
    return replace(
        segmentation,
        values=tuple(replace(v, stability=stability.get(v.code)) for v in segmentation.values),
        warnings=(*segmentation.warnings, *_stability_warnings(stability, names)),
    )


def _stability_warnings(stability: dict[int, float], names: dict[int, str]) -> list[str]:
    return [
        f"{names[code]} dissolves: in bootstrap samples of the customers its mean Jaccard "
        f"index is {mean:.2f} (below {DISSOLVED_JACCARD:.2f}). Do not rely on its borders."
        for code, mean in sorted(stability.items())
        if mean < DISSOLVED_JACCARD
    ]


@dataclass(frozen=True, slots=True)
class _SampledRows:
    """Rows on few points, with their customers."""

    points: WeightedPoints  # points that represent those around them
    place: IndexArray  # the point of each row
    # the customer of each row, numbered by their purchases and not by their id, so that other ids
    # give the same draws
    customer: IndexArray

    @classmethod
    def of(cls, rows: pl.DataFrame, found: Segmentation) -> "_SampledRows":
        columns = [axis.column for axis in found.axes]
        row = pl.concat_str("end", *columns, separator="|")
        ranks = (
            rows.sort("end")
            .group_by("customer_id", maintain_order=True)
            .agg(purchases=row.str.join(","))
            .sort("purchases")
            .with_row_index("rank")
        )
        ranked = rows.join(ranks, on="customer_id", how="left", maintain_order="left")["rank"]
        coordinates = placed(rows, found.axes)
        steps = np.rint(coordinates * COORDINATE_SCALE).astype(np.int64)
        distinct, labels = np.unique(steps, axis=0, return_inverse=True)
        points = WeightedPoints.from_matrix(coordinates).quantize(STABILITY_SAMPLE)
        starts = np.arange(len(points)) * len(distinct) // len(points)
        block = np.searchsorted(starts, labels.ravel(), side="right") - 1
        return cls(points, block, ranked.to_numpy().astype(np.intp))

    def drawn(self, rng: np.random.Generator) -> WeightedPoints:
        """Return the points of as many customers, drawn with replacement."""
        n = int(self.customer.max()) + 1
        counts = rng.multinomial(n, np.full(n, 1 / n))
        drawn = np.bincount(self.place, counts[self.customer], minlength=len(self.points))
        return self.points.with_weights(drawn)


def _group_stability(
    sampled: _SampledRows, found: Segmentation, options: SegmentationOptions
) -> tuple[float, ...]:
    rng = np.random.default_rng(options.seed)
    points, k = sampled.points, found.clusters.k
    clusterer = CLUSTERERS.get(found.algorithm).with_settings(options.algorithm_settings)
    labels = found.clusters.assign(points.matrix)
    draws = []
    for _ in range(STABILITY_DRAWS):
        sample = sampled.drawn(rng)
        if len(sample) >= k:
            other = clusterer.fit(sample, k, seed=options.seed, n_init=REFIT_STARTS)
            new_labels = other.assign(points.matrix)
            table = contingency_table(labels, new_labels, points.weights, groups=k)
            draws.append(best_match_jaccard(table))
    means = np.mean(draws, axis=0) if draws else np.ones(k)
    return tuple(round(float(mean), 4) for mean in means)


def refit_groups(
    earlier: Segmentation, rows: pl.DataFrame, options: SegmentationOptions, horizon: int
) -> tuple[Segmentation, tuple[str, ...]]:
    """Return the segments of newer windows, and the id of each of their groups.

    K-means starts from the old centres, transformed to the axes of the new fit, and also from new
    random starts, which are used only if they lower the inertia by more than 1 %: the objective is
    flat between near-equal optima, and a jump among those would look like a change of the
    customers. A pinned segment keeps its centre, and there are no new starts. Old and new groups
    are matched on the customers of the newest window (`identity.match_segments`).
    """
    refitted = _refit_from_scratch(earlier, rows, options, horizon)
    warm_started = _refit_from_centres(earlier, refitted, rows, options)
    pinned = _pinned(earlier, options)
    if pinned and warm_started is None:
        raise ConfigError(
            f"{', '.join(options.overrides.pinned_ids)} cannot be pinned: the refit has another "
            "algorithm, inputs or number of segments.",
            fix="leave those as they were, or take the pins out of [segmentation.overrides].",
        )
    chosen = refitted
    if warm_started is not None:
        improvement = 1 - refitted.clusters.inertia / (warm_started.inertia or 1.0)
        if pinned or improvement <= MIN_IMPROVEMENT:
            chosen = replace(refitted, clusters=warm_started)
            if not pinned:
                chosen = replace(chosen, warnings=(*chosen.warnings, _warning(improvement)))
    found = _matched(earlier, chosen, rows, pinned)
    return replace(chosen, identity=found.identity), found.ids


def _refit_from_scratch(
    earlier: Segmentation, rows: pl.DataFrame, options: SegmentationOptions, horizon: int
) -> Segmentation:
    k = earlier.clusters.k
    if options.k is not None or not options.k_min <= k <= options.k_max:
        return fit_groups(rows, options, horizon)
    same = fit_groups(rows, replace(options, k=k), horizon)
    chosen = next(c for c in same.candidates if c.is_selected)
    return same if chosen.passes else fit_groups(rows, options, horizon)


def _refit_from_centres(
    earlier: Segmentation, refitted: Segmentation, rows: pl.DataFrame, options: SegmentationOptions
) -> Clusters | None:
    """Return the groups that start from the old centres, where that is possible."""
    old, new = earlier.clusters.assignment_rule, refitted.clusters.assignment_rule
    if not isinstance(old, NearestCentre) or not isinstance(new, NearestCentre):
        return None
    is_same = [a.column for a in earlier.axes] == [a.column for a in refitted.axes]
    if not is_same or old.k != new.k:
        return None
    points = placed(rows, refitted.axes)
    weighted = WeightedPoints.from_matrix(points).quantize(options.max_points)
    start = _on_new_axes(old.centres, earlier.axes, refitted.axes)
    fixed = _pinned(earlier, options)
    return Clusters.from_centres(weighted, settle(weighted, start, MAX_ITERATIONS, fixed))


def _on_new_axes(
    centres: FloatArray, old: Sequence[InputAxis], new: Sequence[InputAxis]
) -> FloatArray:
    """Return the same centres on other axes: back to logs, then standardised again."""
    pairs = zip(centres.T, old, new, strict=True)
    return np.stack([(at * a.scale + a.mean - b.mean) / b.scale for at, a, b in pairs], axis=1)


def _pinned(earlier: Segmentation, options: SegmentationOptions) -> list[int]:
    pins = set(options.overrides.pinned_ids)
    return [i for i, g in enumerate(_groups(earlier)) if {g.id, g.segment} & pins]


def _groups(earlier: Segmentation) -> tuple[ClusterGroup, ...]:
    ids = [segment.id for segment in earlier.segments[1:]]
    return earlier.groups or tuple(ClusterGroup(i, i) for i in ids)


def _matched(
    earlier: Segmentation, chosen: Segmentation, rows: pl.DataFrame, pinned: list[int]
) -> SegmentMatch:
    newest = rows.filter(pl.col("end") == pl.col("end").max())
    old, new = (s.clusters.assign(placed(newest, s.axes)) for s in (earlier, chosen))
    counts = np.zeros((earlier.clusters.k, chosen.clusters.k), dtype=np.int64)
    np.add.at(counts, (old, new), 1)
    ids = [group.id for group in _groups(earlier)]
    return match_segments(counts, ids, earlier.identity, _pinned_pairs(earlier, chosen, pinned))


def _pinned_pairs(
    earlier: Segmentation, chosen: Segmentation, pinned: Sequence[int]
) -> Mapping[int, int]:
    """Return new group → old group of the pinned ones."""
    old, new = earlier.clusters.assignment_rule, chosen.clusters.assignment_rule
    if not isinstance(old, NearestCentre) or not isinstance(new, NearestCentre):
        return {}
    points = _on_new_axes(old.centres, earlier.axes, chosen.axes)
    distances = [np.abs(new.centres - points[i]).sum(axis=1) for i in pinned]
    return {int(a.argmin()): i for a, i in zip(distances, pinned, strict=True)}


def _warning(improvement: float) -> str:
    reason = "no new start was better"
    if improvement > 0:
        reason = f"new starts would lower the inertia by only {improvement:.1%}"
    return f"The segments start from their earlier centres: {reason}."
