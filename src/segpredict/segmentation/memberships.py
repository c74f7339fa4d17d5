"""How much a customer belongs to each segment, where the algorithm tells chances."""

import numpy as np
import polars as pl

from segpredict.core import schemas
from segpredict.segmentation.model import Segmentation


def membership_probabilities(segmentation: Segmentation, inputs: pl.DataFrame) -> pl.DataFrame:
    """Return the chance of each segment for each row.

    Parameters
    ----------
    segmentation
        The frozen segmenter.
    inputs
        `contracts.CLUSTERING_INPUTS_SCHEMA`, measured on windows of its horizon.

    Returns
    -------
    polars.DataFrame
        ``customer_id``, ``end`` and a column a segment but INACTIVE, named by its id;
        rows add up to 1 and are sorted by end and customer. All on one segment where a
        rule sets the customer apart, or the algorithm knows no chances.

    Raises
    ------
    TableError
        When the instrument breaks its contract.
    """
    rows = schemas.validate_schema(inputs, schemas.CLUSTERING_INPUTS_SCHEMA)
    places = rows.select(axis.standardized for axis in segmentation.axes).to_numpy()
    chances = segmentation.clusters.predict_proba(places)
    shares = {s.code: np.zeros(len(places)) for s in segmentation.segments[1:]}
    for group, code in enumerate(segmentation.group_codes):
        shares[code] = shares[code] + chances[:, group]
    ids = {segment.code: segment.id for segment in segmentation.segments[1:]}
    told = rows.with_columns(pl.Series(ids[code], share) for code, share in shares.items())
    for rule in reversed(segmentation.segment_rules):
        told = told.with_columns(
            pl.when(rule.matches).then(float(name == rule.id)).otherwise(name).alias(name)
            for name in ids.values()
        )
    return told.select("customer_id", "end", *ids.values()).sort("end", "customer_id")
