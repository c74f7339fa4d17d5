"""Find the groups of the active customers once, on past windows, and freeze them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.config.segmentation import SegmentationOptions
from segpredict.core import schemas
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import SupportError, TooFewCustomersError
from segpredict.segmentation.algorithms import CLUSTERERS, Clusters, WeightedPoints
from segpredict.segmentation.inputs import fit_axes, placed
from segpredict.segmentation.model import Segmentation, SegmentValue
from segpredict.segmentation.naming import name_segments
from segpredict.segmentation.selection import choose_k


def fit_groups(
    inputs: pl.DataFrame, options: SegmentationOptions | None = None, horizon: int = 91
) -> Segmentation:
    """Return the frozen groups of these windows, one segment a group.

    Spend and purchase days are cut at the 0.5th and 99.5th percentile, logged (log1p;
    negative spend counts as 0) and standardised; no customer is left out. INACTIVE is
    a rule, not a cluster. Segments are ordered by mean spend. The result is equal to
    the bit for any order of the rows, any ids and any number of threads.
    """
    options = options or SegmentationOptions()
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    customers = rows["customer_id"].n_unique()
    if customers < min(options.segment_counts):
        raise TooFewCustomersError("Segmentation", customers, min(options.segment_counts))
    weights = options.overrides.axis_weights
    axes = fit_axes(rows, options.winsor_percentiles, options.inputs, weights)
    points = placed(rows, axes)
    choice = _choose(points, rows["end"].n_unique(), options)
    clusters = choice.clusters
    values = group_statistics(rows, clusters.assign(points), clusters.k)
    order = sorted(range(clusters.k), key=lambda c: value_order(values[c]))
    return Segmentation(
        horizon=horizon,
        fit_end=int(rows["end"].to_numpy().max()),
        axes=axes,
        clusters=clusters.reordered(order),
        segments=name_segments(clusters.k, options.names),
        values=ranked_values([values[c] for c in order]),
        candidates=choice.candidates,
        warnings=(*_gate_warnings(choice.candidates), *_density_warnings(clusters, options)),
        algorithm=options.algorithm,
    )


def _choose(
    points: npt.NDArray[np.float64], windows: int, options: SegmentationOptions
) -> choose_k.SegmentCountChoice:
    gates = choose_k.SizeGates(
        min_share=options.min_share,
        max_share=options.max_share,
        min_customers=windows * options.least_customers(len(points) / windows),
        # Distances on the first axis are longer by the root of its weight.
        min_value_step=options.min_value_step
        * options.overrides.axis_weights.get("spend", 1.0) ** 0.5,
    )
    weighted = WeightedPoints.from_matrix(points).quantize(options.max_points)
    clusterer = CLUSTERERS.get(options.algorithm).with_settings(options.algorithm_settings)
    return choose_k.choose_segment_count(
        clusterer, weighted, options.segment_counts, gates, seed=options.seed, n_init=options.n_init
    )


def group_statistics(
    rows: pl.DataFrame, labels: npt.NDArray[np.intp], k: int
) -> list[SegmentValue]:
    """Return the purchases of the rows of each of `k` groups, in the order of the labels."""
    found = (
        rows.with_columns(pl.Series("cluster", labels, dtype=pl.Int64))
        .group_by("cluster")
        .agg(
            rows=pl.len(),
            # Whole sums: a mean of floats would depend on the order of the rows.
            mean_spend=pl.col("spend").sum() / pl.len() / MONEY_SCALE,
            median_spend=pl.col("spend").median() / MONEY_SCALE,
            mean_days=pl.col("days").cast(pl.Int64).sum() / pl.len(),
            median_days=pl.col("days").median(),
        )
        .sort("cluster")
    )
    if found.height < k:
        raise SupportError(
            f"Of {k} segments, {k - found.height} would have no customers.",
            fix="ask for fewer segments, or leave the number to the data.",
        )
    return [SegmentValue(INACTIVE_CODE, **v) for v in found.drop("cluster").to_dicts()]


def ranked_values(active: Sequence[SegmentValue]) -> tuple[SegmentValue, ...]:
    """Return the averages of INACTIVE and of the active segments, coded in their order."""
    coded = (replace(value, code=code) for code, value in enumerate(active, start=1))
    return SegmentValue(INACTIVE_CODE), *coded


def value_order(value: SegmentValue) -> tuple[float, float]:
    """Return the sort key of segments: mean spend, then mean days."""
    return value.mean_spend, value.mean_days


def _density_warnings(clusters: Clusters, options: SegmentationOptions) -> list[str]:
    warnings = []
    if clusters.k not in options.segment_counts:
        warnings.append(f"{options.algorithm} finds the number of segments itself: {clusters.k}.")
    if clusters.noise_share:
        warnings.append(
            f"{options.algorithm} left {clusters.noise_share:.0%} of the rows as noise; they are "
            "in the segment nearest to them."
        )
    return warnings


def _gate_warnings(candidates: tuple[choose_k.SegmentCountCandidate, ...]) -> tuple[str, ...]:
    chosen = next(c for c in candidates if c.is_selected)
    if chosen.passes:
        return ()
    return (
        f"{chosen.k} segments do not pass the gates {', '.join(chosen.failed_gates)}; "
        + ("no other number does." if len(candidates) > 1 else "the number was given."),
    )
