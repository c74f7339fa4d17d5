"""How close a customer is to each segment: probabilities, and the nearest other one."""

import numpy as np
import polars as pl

from segpredict.core import schemas
from segpredict.core.arrays import FloatArray
from segpredict.segmentation.algorithms import euclidean_distances
from segpredict.segmentation.inputs import placed
from segpredict.segmentation.model import Segmentation


def membership_probabilities(segmentation: Segmentation, inputs: pl.DataFrame) -> pl.DataFrame:
    """Return the probability of each segment for each row.

    Columns ``customer_id``, ``end`` and one per active segment, named by its id; rows add
    up to 1 and are sorted by end and customer. All of it is on one segment where a rule
    assigns the customer, or the algorithm gives no probabilities.
    """
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    points = placed(rows, segmentation.axes)
    of_groups = segmentation.clusters.predict_proba(points)
    of_codes = {s.code: np.zeros(len(points)) for s in segmentation.segments[1:]}
    for group, code in enumerate(segmentation.group_codes):
        of_codes[code] = of_codes[code] + of_groups[:, group]
    ids = {segment.code: segment.id for segment in segmentation.segments[1:]}
    table = rows.with_columns(pl.Series(ids[code], share) for code, share in of_codes.items())
    for rule in reversed(segmentation.segment_rules):
        table = table.with_columns(
            pl.when(rule.matches).then(float(name == rule.id)).otherwise(name).alias(name)
            for name in ids.values()
        )
    return table.select("customer_id", "end", *ids.values()).sort("end", "customer_id")


def nearest_other_segment(segmentation: Segmentation, inputs: pl.DataFrame) -> pl.DataFrame:
    """Return each row's segment, the nearest of the others, and the distance to both.

    ``customer_id``, ``end``, ``segment_id``, ``other_id`` (null where there is only one segment),
    ``distance`` to the own segment's nearest centre and ``other_distance``, in standard deviations
    of the clustering inputs, which are measured on windows of the segmentation's horizon.

    Where both distances are about equal, slightly different purchases would have put
    the customer into the other segment.
    """
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    assigned = segmentation.assign(rows)
    ordered = rows.sort("end", "customer_id")
    points = placed(ordered, segmentation.axes)
    distances = euclidean_distances(points, segmentation.clusters.centres)
    ids = {segment.code: segment.id for segment in segmentation.segments}
    codes = np.array(segmentation.group_codes)
    own = assigned["segment"].to_numpy()[:, None] == codes
    to_own, to_others = np.where(own, distances, np.inf), np.where(own, np.inf, distances)
    other = [ids[int(codes[row.argmin()])] if np.isfinite(row).any() else None for row in to_others]
    return assigned.select("customer_id", "end").with_columns(
        pl.Series("segment_id", [ids[c] for c in assigned["segment"]], pl.String),
        pl.Series("other_id", other, pl.String),
        pl.Series("distance", _finite(to_own.min(axis=1))),
        pl.Series("other_distance", _finite(to_others.min(axis=1))),
    )


def _finite(distances: FloatArray) -> list[float | None]:
    return [float(x) if np.isfinite(x) else None for x in distances]
