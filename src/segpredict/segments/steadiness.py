"""Would a segment come back from other customers of the same kind? Hennig's warning."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.clustering import CLUSTERERS, Floats, Points, SegmentOptions
from segpredict.segments.segmentation import Segmentation

DRAWS = 20
DISSOLVED = 0.60  # mean Jaccard below which a cluster is said to dissolve
SAMPLE = 2_000  # points; the question is coarse, and asked on every run
STARTS = 3
QUICK = ("centres", "mixture")  # kinds of rule whose fits take milliseconds


def steadied(
    found: Segmentation, rows: pl.DataFrame, options: SegmentOptions
) -> Segmentation:
    """Return the segments with their steadiness, and a notice where one dissolves.

    Parameters
    ----------
    found
        The segments.
    rows
        `contracts.INSTRUMENT`: what they were fitted on.
    options
        How they were fitted.

    Notes
    -----
    The customers of the newest window are drawn 20 times with replacement and grouped
    by the same algorithm; of each group the highest Jaccard index with a new group is
    kept, both over all customers. Means below .60 are called dissolved, .75 is what a
    group should reach. A segment of several merged groups is as steady as the least of
    them. Algorithms that take long are not asked; `segpredict cluster --compare` asks
    all.

    References
    ----------
    Hennig (2007), cluster-wise assessment of cluster stability.
    """
    if found.clusters.rule.kind not in QUICK:
        return found
    newest = rows.filter(pl.col("end") == pl.col("end").max())
    if found.set_apart:
        newest = newest.filter(~pl.any_horizontal(r.holds for r in found.set_apart))
    places = newest.select(axis.place for axis in found.axes).to_numpy()
    by_group = _means(Points.of(places).thin(SAMPLE), found, options)
    codes = found.group_codes
    steady = {
        code: min(m for m, c in zip(by_group, codes, strict=True) if c == code)
        for code in set(codes)
    }
    names = {segment.code: segment.name for segment in found.segments}
    return replace(
        found,
        values=tuple(replace(v, steadiness=steady.get(v.code)) for v in found.values),
        notices=(*found.notices, *_warnings(steady, names)),
    )


def _warnings(steady: dict[int, float], names: dict[int, str]) -> list[str]:
    return [
        f"{names[code]} dissolves: from other customers of the same kind it comes back "
        f"with a mean Jaccard of {mean:.2f} (below {DISSOLVED:.2f}). Do not build on "
        "its borders."
        for code, mean in sorted(steady.items())
        if mean < DISSOLVED
    ]


def _means(
    points: Points, found: Segmentation, options: SegmentOptions
) -> tuple[float, ...]:
    rng = np.random.default_rng(options.seed)
    odds = points.weights / points.rows
    clusterer = CLUSTERERS.get(found.algorithm).tuned(options.settings)
    own, k = found.clusters.assign(points.matrix), found.clusters.k
    seen = []
    for _ in range(DRAWS):
        drawn = rng.multinomial(points.rows, odds)
        sample = Points(points.grains[drawn > 0], drawn[drawn > 0])
        if len(sample) >= k:
            other = clusterer.fit(sample, k, seed=options.seed, n_init=STARTS)
            labels = other.assign(points.matrix)
            seen.append(_best(own, labels, points.weights, (k, other.k)))
    means = np.mean(seen, axis=0) if seen else np.ones(k)
    return tuple(round(float(mean), 4) for mean in means)


def _best(
    own: npt.NDArray[np.intp],
    other: npt.NDArray[np.intp],
    weights: npt.NDArray[np.int64],
    shape: tuple[int, int],
) -> Floats:
    """Return the highest Jaccard index of each own group with any other."""
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, (own, other), weights)
    union = counts.sum(axis=1)[:, None] + counts.sum(axis=0) - counts
    best: Floats = (counts / np.maximum(union, 1)).max(axis=1)
    return best
