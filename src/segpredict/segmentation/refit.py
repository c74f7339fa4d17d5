"""Fit again on newer windows, from where the segments stood, and say who is who."""

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
from segpredict.segmentation.inputs import InputAxis
from segpredict.segmentation.model import ClusterGroup, Segmentation

MIN_IMPROVEMENT = 0.01  # of the inertia, by which fresh starts must beat the old centres
MAX_ITERATIONS = 100


def refit_groups(
    earlier: Segmentation, rows: pl.DataFrame, options: SegmentationOptions, horizon: int
) -> tuple[Segmentation, tuple[str, ...]]:
    """Return the segments of newer windows, and the id of each of their groups.

    Parameters
    ----------
    earlier
        The segments as they were.
    rows
        `contracts.CLUSTERING_INPUTS_SCHEMA` of the newer windows, measured with the columns of
        both.
    options
        How segments are found. Where `k` is not given, their number stays unless it no
        longer passes the gates.
    horizon
        Days of the windows.

    Raises
    ------
    ConfigError
        When a segment is pinned that cannot be.

    Notes
    -----
    Groups of the nearest centre start from the old centres, moved to the axes of the
    new fit, and beside them from fresh starts, which are taken only if they lower the
    inertia by more than 1 %: the objective is flat between near-equal optima, and a
    jump among those would be taken for news of the customers. A pinned segment keeps
    its centre, and there are no fresh starts. Old and new groups are matched on the
    customers of the newest window (`identity.match_segments`).
    """
    fresh = _fresh(earlier, rows, options, horizon)
    warm = _warm(earlier, fresh, rows, options)
    pinned = _pinned(earlier, options)
    if pinned and warm is None:
        raise ConfigError(
            f"{', '.join(options.overrides.pinned_ids)} cannot be pinned: the refit has another "
            "algorithm, instrument or number of segments.",
            fix="leave those as they were, or take the pins out of [segmentation.overrides].",
        )
    taken = fresh
    if warm is not None:
        gain = 1 - fresh.clusters.inertia / (warm.inertia or 1.0)
        if pinned or gain <= MIN_IMPROVEMENT:
            taken = replace(fresh, clusters=warm, warnings=_notices(fresh, gain, pinned))
    found = _matched(earlier, taken, rows, pinned)
    return replace(taken, identity=found.identity), found.ids


def _fresh(
    earlier: Segmentation, rows: pl.DataFrame, options: SegmentationOptions, horizon: int
) -> Segmentation:
    k = earlier.clusters.k
    if options.k is not None or not options.k_min <= k <= options.k_max:
        return fit_groups(rows, options, horizon)
    same = fit_groups(rows, replace(options, k=k), horizon)
    chosen = next(c for c in same.candidates if c.is_selected)
    return same if chosen.passes else fit_groups(rows, options, horizon)


def _warm(
    earlier: Segmentation,
    fresh: Segmentation,
    rows: pl.DataFrame,
    options: SegmentationOptions,
) -> Clusters | None:
    """Return the groups that grow from the old centres, where that is possible."""
    old = earlier.clusters.assignment_rule
    if not isinstance(old, NearestCentre) or not isinstance(
        fresh.clusters.assignment_rule, NearestCentre
    ):
        return None
    is_same = [a.column for a in earlier.axes] == [a.column for a in fresh.axes]
    if not is_same or old.k != fresh.clusters.k:
        return None
    places = rows.select(axis.standardized for axis in fresh.axes).to_numpy()
    points = WeightedPoints.from_matrix(places).quantize(options.max_points)
    start = _moved(old.centres, earlier.axes, fresh.axes)
    still = _pinned(earlier, options)
    return Clusters.from_centres(points, settle(points, start, MAX_ITERATIONS, still))


def _moved(centres: FloatArray, old: Sequence[InputAxis], new: Sequence[InputAxis]) -> FloatArray:
    """Return the same places on other axes: back to logs, then standardised anew."""
    columns = [
        (centres[:, i] * a.scale + a.mean - b.mean) / b.scale
        for i, (a, b) in enumerate(zip(old, new, strict=True))
    ]
    return np.stack(columns, axis=1)


def _pinned(earlier: Segmentation, options: SegmentationOptions) -> list[int]:
    pins = set(options.overrides.pinned_ids)
    return [i for i, g in enumerate(_groups(earlier)) if {g.id, g.segment} & pins]


def _groups(earlier: Segmentation) -> tuple[ClusterGroup, ...]:
    ids = [segment.id for segment in earlier.segments[1:]]
    return earlier.groups or tuple(ClusterGroup(i, i) for i in ids)


def _matched(
    earlier: Segmentation, taken: Segmentation, rows: pl.DataFrame, pinned: list[int]
) -> SegmentMatch:
    newest = rows.filter(pl.col("end") == pl.col("end").max())
    old, new = (
        s.clusters.assign(newest.select(a.standardized for a in s.axes).to_numpy())
        for s in (earlier, taken)
    )
    counts = np.zeros((earlier.clusters.k, taken.clusters.k), dtype=np.int64)
    np.add.at(counts, (old, new), 1)
    ids = [group.id for group in _groups(earlier)]
    return match_segments(counts, ids, earlier.identity, _fixed(earlier, taken, pinned))


def _fixed(earlier: Segmentation, taken: Segmentation, pinned: Sequence[int]) -> Mapping[int, int]:
    """Return new group → old group of those that were kept where they were."""
    old, new = earlier.clusters.assignment_rule, taken.clusters.assignment_rule
    if not isinstance(old, NearestCentre) or not isinstance(new, NearestCentre):
        return {}
    places = _moved(old.centres, earlier.axes, taken.axes)
    apart = [np.abs(new.centres - places[i]).sum(axis=1) for i in pinned]
    return {int(a.argmin()): i for a, i in zip(apart, pinned, strict=True)}


def _notices(fresh: Segmentation, improvement: float, pinned: Sequence[int]) -> tuple[str, ...]:
    if pinned:
        return fresh.warnings
    told = (
        f"fresh starts would lower the inertia by {improvement:.1%} only"
        if improvement > 0
        else "no fresh start came closer"
    )
    return (
        *fresh.warnings,
        f"The segments grew from where they stood before: {told}.",
    )
