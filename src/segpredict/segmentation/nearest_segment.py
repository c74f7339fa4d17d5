"""Say which other segment a customer is nearest to, and how far from it."""

import numpy as np
import polars as pl

from segpredict.core import schemas
from segpredict.segmentation.algorithms import euclidean_distances
from segpredict.segmentation.model import Segmentation


def nearest_other_segment(segmentation: Segmentation, inputs: pl.DataFrame) -> pl.DataFrame:
    """Return each row's segment, the nearest of the others, and how near both are.

    Parameters
    ----------
    segmentation
        The frozen segmenter.
    inputs
        `contracts.CLUSTERING_INPUTS_SCHEMA`, measured on windows of its horizon.

    Returns
    -------
    polars.DataFrame
        ``customer_id``, ``end``, ``segment_id``, ``other_id`` (null where there is but
        one segment), ``distance`` to the own segment's nearest centre and
        ``other_distance``, in standard deviations of what segments are measured on.

    Notes
    -----
    Near both: a little more or less would have made another segment of the customer.
    """
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    assigned = segmentation.assign(rows)
    ordered = rows.sort("end", "customer_id")
    places = ordered.select([axis.standardized for axis in segmentation.axes]).to_numpy()
    apart = euclidean_distances(places, segmentation.clusters.centres)
    ids = {segment.code: segment.id for segment in segmentation.segments}
    codes = np.array(segmentation.group_codes)
    own = assigned["segment"].to_numpy()[:, None] == codes
    mine, others = np.where(own, apart, np.inf), np.where(own, np.inf, apart)
    other = [ids[int(codes[row.argmin()])] if np.isfinite(row).any() else None for row in others]
    return assigned.select("customer_id", "end").with_columns(
        pl.Series("segment_id", [ids[c] for c in assigned["segment"]], pl.String),
        pl.Series("other_id", other, pl.String),
        pl.Series("distance", _known(mine.min(axis=1))),
        pl.Series("other_distance", _known(others.min(axis=1))),
    )


def _known(far: np.ndarray) -> list[float | None]:
    return [float(x) if np.isfinite(x) else None for x in far]
