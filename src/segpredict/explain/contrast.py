"""Explain one segment against another: only differences of margins are identified."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.segment import Segment
from segpredict.explain.groups import FeatureGroup, group_contributions

MIN_EXPECTED_MOVERS = 30  # expected movers below which a transition is not shown
TRANSITION_DRIVERS_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("from_id", "to_id"), pl.String),
    "expected": pl.Float64,
    **dict.fromkeys(("name", "headline"), pl.String),
    **dict.fromkeys(("movers", "stayers", "gap", "odds_ratio"), pl.Float64),
    "rank": pl.Int32,
}


def target_and_reference(
    probabilities: FloatArray, states: IntArray, predicted: IntArray | None = None
) -> tuple[IntArray, IntArray]:
    """Return for each customer the predicted segment, and the one it is compared with."""
    rows = np.arange(len(probabilities))
    towards = probabilities.argmax(axis=1) if predicted is None else predicted
    others = probabilities.copy()
    others[rows, towards] = -1.0
    return towards, np.where(towards == states, others.argmax(axis=1), states)


def contrast_contributions(
    contributions: FloatArray, targets: IntArray, references: IntArray
) -> FloatArray:
    """Return contributions to the log-odds of one segment over another."""
    rows = np.arange(len(contributions))
    return np.asarray(contributions[rows, targets] - contributions[rows, references], np.float64)


def transition_drivers(
    contributions: FloatArray,
    names: Sequence[str],
    groups: Sequence[FeatureGroup],
    classes: Sequence[Segment],
    *,
    states: IntArray,
    probabilities: FloatArray,
    weight: float,
) -> pl.DataFrame:
    """Return the differences between customers who move to another segment and stayers.

    It is not known who will move, so each customer counts with the probability of it. What all
    customers of a segment share is in both means and drops out of the gap.
    """
    fine = group_contributions(contributions, names, groups)
    tables = [pl.DataFrame(schema=TRANSITION_DRIVERS_SCHEMA)]
    for start, end in permutations(classes, 2):
        inside = states == start.code
        go, stay = probabilities[inside, end.code], probabilities[inside, start.code]
        if go.sum() * weight < MIN_EXPECTED_MOVERS or stay.sum() * weight < MIN_EXPECTED_MOVERS:
            continue
        contrast = fine[inside, end.code] - fine[inside, start.code]
        movers, stayers = (shares @ contrast / shares.sum() for shares in (go, stay))
        tables.append(_move(start, end, float(go.sum() * weight), groups, movers, stayers))
    return pl.concat(tables)


def _move(
    start: Segment,
    end: Segment,
    expected: float,
    groups: Sequence[FeatureGroup],
    movers: FloatArray,
    stayers: FloatArray,
) -> pl.DataFrame:
    gap = movers - stayers
    order = np.argsort(-np.abs(gap), kind="stable")
    return pl.DataFrame(
        {
            "from_id": [start.id] * len(groups),
            "to_id": [end.id] * len(groups),
            "expected": [expected] * len(groups),
            "name": [groups[i].name for i in order],
            "headline": [groups[i].headline for i in order],
            "movers": movers[order],
            "stayers": stayers[order],
            "gap": gap[order],
            "odds_ratio": np.exp(gap[order]),
            "rank": range(1, len(groups) + 1),
        },
        schema=TRANSITION_DRIVERS_SCHEMA,
    )
