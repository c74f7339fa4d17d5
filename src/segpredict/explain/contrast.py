"""Explain one segment against another: only differences of margins are identified."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.segment import Segment
from segpredict.explain.groups import FeatureGroup, group_contributions

MIN_EXPECTED_MOVERS = 30  # expected movers below which a transition is not shown


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
    return np.asarray(
        contributions[rows, targets] - contributions[rows, references], dtype=np.float64
    )


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
    tables = [_nothing()]
    for start in classes:
        inside = states == start.code
        for end in classes:
            if end == start or not inside.any():
                continue
            go, stay = probabilities[inside, end.code], probabilities[inside, start.code]
            if go.sum() * weight < MIN_EXPECTED_MOVERS or stay.sum() * weight < MIN_EXPECTED_MOVERS:
                continue
            contrast = fine[inside, end.code] - fine[inside, start.code]
            means = _mean(contrast, go), _mean(contrast, stay)
            expected = float(go.sum() * weight)
            tables.append(_move(start, end, expected, groups, *means))
    return pl.concat(tables)


def _mean(contrast: FloatArray, weights: FloatArray) -> FloatArray:
    return np.asarray(weights @ contrast / weights.sum(), dtype=np.float64)


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
            "rank": pl.Series(range(1, len(groups) + 1), dtype=pl.Int32),
        },
        schema=_MOVES,
    )


_MOVES = {
    "from_id": pl.String,
    "to_id": pl.String,
    "expected": pl.Float64,
    "name": pl.String,
    "headline": pl.String,
    "movers": pl.Float64,
    "stayers": pl.Float64,
    "gap": pl.Float64,
    "odds_ratio": pl.Float64,
    "rank": pl.Int32,
}


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema=_MOVES)
