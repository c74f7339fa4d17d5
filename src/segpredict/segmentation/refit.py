"""Refit on newer windows, starting from the earlier centres, and match the segments."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from segpredict.config.segmentation import SegmentationOptions
from segpredict.core.arrays import FloatArray
from segpredict.errors import ConfigError
from segpredict.segmentation.algorithms import Clusters, NearestCentre, WeightedPoints, settle
from segpredict.segmentation.fit_groups import fit_groups
from segpredict.segmentation.identity import SegmentMatch, match_segments
from segpredict.segmentation.inputs import InputAxis, placed
from segpredict.segmentation.model import ClusterGroup, Segmentation

MIN_IMPROVEMENT = 0.01  # of the inertia, by which new starts must beat the old centres
MAX_ITERATIONS = 100


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
