"""Would a segment come back from other customers of the same kind? Hennig's warning."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segpredict.config.segmentation import SegmentationOptions
from segpredict.core.arrays import IndexArray
from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints
from segpredict.segmentation.model import Segmentation
from segpredict.segmentation.selection.agreement import best_match_jaccard, contingency_table

STABILITY_DRAWS = 20
DISSOLVED_JACCARD = 0.60  # mean Jaccard below which a cluster is said to dissolve
COORDINATE_SCALE = 1e6  # as in `WeightedPoints`
STABILITY_SAMPLE = 3_000  # points; the question is coarse, and asked on every run
REFIT_STARTS = 3
FAST_RULES = ("centres", "mixture")  # kinds of rule whose fits take milliseconds


def with_stability(
    segmentation: Segmentation, rows: pl.DataFrame, options: SegmentationOptions
) -> Segmentation:
    """Return the segments with their steadiness, and a notice where one dissolves.

    Parameters
    ----------
    segmentation
        The segments.
    rows
        `contracts.CLUSTERING_INPUTS_SCHEMA`: what they were fitted on.
    options
        How they were fitted.

    Notes
    -----
    Customers are drawn 20 times with replacement, each with all their windows, and
    grouped by the same algorithm; of each group the highest Jaccard index with a new
    group is kept, both over all rows. Means below .60 are called dissolved, .75 is what
    a group should reach. A segment of several merged groups is as steady as the least
    of them. Algorithms that take long are not asked; `segpredict cluster --compare`
    asks all.

    References
    ----------
    Hennig (2007), cluster-wise assessment of cluster stability.
    """
    if segmentation.clusters.assignment_rule.kind not in FAST_RULES:
        return segmentation
    if segmentation.segment_rules:
        rows = rows.filter(~pl.any_horizontal(r.matches for r in segmentation.segment_rules))
    by_group = _means(_Cast.of(rows, segmentation), segmentation, options)
    codes = segmentation.group_codes
    steady = {
        code: min(m for m, c in zip(by_group, codes, strict=True) if c == code)
        for code in set(codes)
    }
    names = {segment.code: segment.name for segment in segmentation.segments}
    return replace(
        segmentation,
        values=tuple(replace(v, stability=steady.get(v.code)) for v in segmentation.values),
        warnings=(*segmentation.warnings, *_warnings(steady, names)),
    )


def _warnings(stability: dict[int, float], names: dict[int, str]) -> list[str]:
    return [
        f"{names[code]} dissolves: from other customers of the same kind it comes back "
        f"with a mean Jaccard of {mean:.2f} (below {DISSOLVED_JACCARD:.2f}). Do not build on "
        "its borders."
        for code, mean in sorted(stability.items())
        if mean < DISSOLVED_JACCARD
    ]


@dataclass(frozen=True, slots=True)
class _Cast:
    """Rows on few points, and whose they are.

    Parameters
    ----------
    points
        Points that stand for those around them.
    place
        The point of each row.
    customer
        The customer of each row, numbered by what they did and not by their id, so that
        other ids draw the same lots.
    """

    points: WeightedPoints
    place: IndexArray
    customer: IndexArray

    @classmethod
    def of(cls, rows: pl.DataFrame, found: Segmentation) -> "_Cast":
        columns = [axis.column for axis in found.axes]
        row = pl.concat_str("end", *columns, separator="|")
        ranks = (
            rows.sort("end")
            .group_by("customer_id", maintain_order=True)
            .agg(deeds=row.str.join(","))
            .sort("deeds")
            .with_row_index("rank")
        )
        customer = rows.select("customer_id").join(
            ranks, on="customer_id", how="left", maintain_order="left"
        )["rank"]
        places = rows.select(axis.standardized for axis in found.axes).to_numpy()
        grains, own = np.unique(
            np.rint(places * COORDINATE_SCALE).astype(np.int64), axis=0, return_inverse=True
        )
        few = min(STABILITY_SAMPLE, len(grains))
        starts = np.arange(few) * len(grains) // few
        middles = (starts + np.append(starts[1:], len(grains))) // 2
        block = np.searchsorted(starts, own.ravel(), side="right") - 1
        weights = np.bincount(block, minlength=len(starts))
        points = WeightedPoints(grains[middles], weights)
        return cls(points, block, customer.to_numpy().astype(np.intp))

    def drawn(self, rng: np.random.Generator) -> WeightedPoints:
        """Return the points of as many customers, drawn with replacement."""
        n = int(self.customer.max()) + 1
        times = rng.multinomial(n, np.full(n, 1 / n))
        weights = np.bincount(self.place, times[self.customer], minlength=len(self.points)).astype(
            np.int64
        )
        return WeightedPoints(self.points.integer_coordinates[weights > 0], weights[weights > 0])


def _means(cast: _Cast, found: Segmentation, options: SegmentationOptions) -> tuple[float, ...]:
    rng = np.random.default_rng(options.seed)
    points, k = cast.points, found.clusters.k
    clusterer = CLUSTERERS.get(found.algorithm).with_settings(options.algorithm_settings)
    own = found.clusters.assign(points.matrix)
    seen = []
    for _ in range(STABILITY_DRAWS):
        sample = cast.drawn(rng)
        if len(sample) >= k:
            other = clusterer.fit(sample, k, seed=options.seed, n_init=REFIT_STARTS)
            labels = other.assign(points.matrix)
            table = contingency_table(own, labels, points.weights, groups=k)
            seen.append(best_match_jaccard(table))
    means = np.mean(seen, axis=0) if seen else np.ones(k)
    return tuple(round(float(mean), 4) for mean in means)
