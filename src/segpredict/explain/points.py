"""Contributions of a sample of customers as points, for charts that are drawn by a page."""

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.explain.explanation import Explanation

MAX_FEATURES = 10
MAX_POINTS = 200  # customers in a chart, every n-th of those explained
BINS = 40  # of the contributions, within which points are stacked
SHADES = 3  # low, middle and high values; a missing value has no shade

POINTS_SCHEMA = {
    "class_id": pl.String,
    "feature": pl.String,
    **dict.fromkeys(("value", "contribution", "offset"), pl.Float64),
    "shade": pl.Int8,
}


def contribution_points(explanation: Explanation) -> pl.DataFrame:
    """Return one point a customer, strongest feature and future segment (`POINTS_SCHEMA`).

    ``contribution`` is to the log-odds of the segment ``class_id``; ``offset``, −1 to 1, keeps
    points of equal contributions apart; ``shade`` is 0 for the lowest third of the values of the
    feature, 2 for the highest, null for a missing value.
    """
    ranked = explanation.importance.filter(scope="all").sort("rank")["feature"]
    cells, cube = explanation.feature_values(), explanation.contribution_array()
    step = max(1, -(-len(cells) // MAX_POINTS))
    tables = [pl.DataFrame(schema=POINTS_SCHEMA)]
    for name in ranked.head(MAX_FEATURES):
        column = explanation.feature_names.index(name)
        values = cells[::step, column]
        for place, segment in enumerate(explanation.classes):
            sizes = cube[::step, place, column]
            points = {
                "class_id": [segment.id] * len(sizes),
                "feature": [name] * len(sizes),
                "value": pl.Series(values).fill_nan(None),
                "contribution": sizes,
                "offset": _offsets(sizes),
                "shade": pl.Series(_shades(values)),
            }
            tables.append(pl.DataFrame(points, schema=POINTS_SCHEMA))
    return pl.concat(tables)


def _shades(values: FloatArray) -> list[int | None]:
    """Return the third of each value by its rank; equal values have one shade."""
    known = np.sort(values[~np.isnan(values)])
    place = np.searchsorted(known, values, "left") / max(1, len(known))
    return [
        None if np.isnan(v) else min(int(SHADES * p), SHADES - 1)
        for v, p in zip(values, place, strict=True)
    ]


def _offsets(sizes: FloatArray) -> FloatArray:
    """Stack points of one bin around the middle, in turns above and below it."""
    width = float(np.ptp(sizes)) or 1.0
    bins = np.floor((sizes - sizes.min()) / width * BINS).astype(int)
    turns: IntArray = np.zeros(len(sizes), int)
    for one in np.unique(bins):
        inside = np.flatnonzero(bins == one)
        turns[inside] = np.arange(len(inside))
    signed = np.where(turns % 2, -1, 1) * ((turns + 1) // 2)
    return np.asarray(signed / max(1, np.abs(signed).max()), np.float64)
