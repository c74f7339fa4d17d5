"""Mobility: one number for how much a matrix moves its customers."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from segpredict.analytics.transitions import matrix
from segpredict.analytics.transitions.states import transition_states
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES, Z_95
from segpredict.core.segment import Segment

MOBILITY_SCHEMA = {
    **dict.fromkeys(("since", "until"), pl.Date),
    "n": pl.Int64,
    **dict.fromkeys(("share_staying", "mobility", "low", "high"), pl.Float64),
    "is_small": pl.Boolean,
}


def mobility_index(shares: FloatArray) -> FloatArray:
    """Return the mean singular value of P − I, of one matrix or of many.

    0 where all customers stay. Where all customers leave at the rate p, whatever the segment, to
    one other of two segments: p. NaN where a row is empty.

    M(P) = (1/C) Σᵢ σᵢ(P − I), with σ the singular values. Each row counts alike, however many
    customers stand in it.

    After Jafry and Schuermann (2004), Journal of Banking & Finance 28(11).

    >>> mobility_index(np.array([[0.9, 0.1], [0.1, 0.9]])).round(6).item()
    0.1
    >>> mobility_index(np.eye(3)).item()
    0.0
    """
    size = shares.shape[-1]
    empty = np.asarray(np.isnan(shares).any(axis=(-2, -1)))
    known = np.where(empty[..., None, None], np.eye(size), shares)
    values = np.linalg.svd(known - np.eye(size), compute_uv=False).mean(axis=-1)
    found: FloatArray = np.where(empty, np.nan, values)
    return found


def mobility_by_period(
    transitions: pl.DataFrame,
    segments: Sequence[Segment],
    by: Resampling = matrix.DEFAULT_RESAMPLING,
) -> pl.DataFrame:
    """Return the mobility of each period, with its 95 % interval (`MOBILITY_SCHEMA`).

    ``n`` customers stood in a segment or were INACTIVE, ``share_staying`` of them did not move;
    ``is_small`` where a row has fewer than 30 customers. Null where a row is empty.

    NEW, LAPSED and ERASED are no part of it: nobody can come back to NEW, and a chain
    runs from segment to segment. The interval is that of `bias_corrected_interval`: chance alone
    adds to singular values, in the draws once more than in the data, so the draws' own points
    would lie too high.

    >>> from datetime import date
    >>> two = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    >>> day = {"since": [date(2024, 1, 1)] * 2, "until": [date(2024, 4, 1)] * 2}
    >>> rows = {"customer_id": ["a", "b"], **day, "from_id": ["S0", "S1"], "to_id": ["S1", "S1"]}
    >>> mobility_by_period(pl.DataFrame(rows), two)["share_staying"].to_list()
    [0.5]
    """
    states = transition_states(transitions, segments)
    since = transitions["since"].unique().sort()
    if since.is_empty():
        return pl.DataFrame(schema=MOBILITY_SCHEMA)
    square = np.s_[..., : states.n_segments, : states.n_segments]
    rows = []
    for day in since.to_list():
        part = transitions.filter(since=day)
        drawn = matrix.bootstrap_counts(part, states, by)[:, 0]
        draw = mobility_index(matrix.row_shares(drawn[square]))
        counts = states.count_matrix(part)[square]
        value = float(mobility_index(matrix.row_shares(counts)))
        low, high = np.clip(bias_corrected_interval(value, draw), 0, None).tolist()
        n = int(counts.sum())
        share_staying = float(np.trace(counts)) / n if n else float("nan")
        is_small = bool((counts.sum(axis=1) < MIN_CUSTOMERS_FOR_SHARES).any())
        rows.append((day, part["until"].max(), n, share_staying, value, low, high, is_small))
    table = pl.DataFrame(rows, schema=MOBILITY_SCHEMA, orient="row")
    return table.with_columns(pl.col("share_staying", "mobility", "low", "high").fill_nan(None))


def bias_corrected_interval(value: float, drawn: FloatArray) -> tuple[float, float]:
    """Return a 95 % interval: the value less its bias in the draws, ± 1.96 of their sd.

    >>> low, high = bias_corrected_interval(0.5, np.array([0.5, 0.7, np.nan]))
    >>> round(low, 3), round(high, 3)
    (0.204, 0.596)
    """
    found = drawn[np.isfinite(drawn)]
    if not len(found) or not np.isfinite(value):
        return float("nan"), float("nan")
    middle = 2 * value - float(found.mean())
    half = Z_95 * float(found.std())
    return middle - half, middle + half
