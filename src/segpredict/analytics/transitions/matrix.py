"""Observed migration matrix: row shares with intervals."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from segpredict.analytics.transitions.resampling import (
    DEFAULT_RESAMPLING,
    bootstrap_counts,
    percentile_bounds,
    row_shares,
)
from segpredict.analytics.transitions.states import TransitionStates, transition_states
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES, jeffreys_interval
from segpredict.core.segment import Segment

CELL_COLUMNS = ("from_id", "from_name", "to_id", "to_name")
TRANSITION_MATRIX_SCHEMA = {
    **dict.fromkeys(CELL_COLUMNS, pl.String),
    **dict.fromkeys(("n", "n_from", "share", "low", "high"), pl.Float64),
    "is_small": pl.Boolean,
}


def observed_matrix(
    transitions: pl.DataFrame, segments: Sequence[Segment], by: Resampling = DEFAULT_RESAMPLING
) -> pl.DataFrame:
    """Return the number and share of customers for each transition, periods pooled.

    `TRANSITION_MATRIX_SCHEMA`: one row for each pair, also for zero counts. NEW and LAPSED are rows
    where they occur, ERASED is a column. ``low`` and ``high`` bound the share with 95 %; a row of
    fewer than 30 customers ``is_small``. Shares of an empty row are null.

    In one period each customer counts once, and the interval is Jeffreys' (`jeffreys_interval`). It
    is taken cell by cell and not from one Dirichlet for the row, so that it does not depend on how
    many segments there are. Where periods are pooled, customers are resampled with all of their
    transitions; Jeffreys' interval stays where nobody or all customers went, since no draw would
    differ.

    >>> two = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    >>> went = {"customer_id": ["a", "b"], "from_id": ["S1"] * 2, "to_id": ["S0", "S1"]}
    >>> observed_matrix(pl.DataFrame(went), two).select("from_id", "to_id", "share").rows()[2:]
    [('S1', 'S0', 0.5), ('S1', 'S1', 0.5)]
    """
    states = transition_states(transitions, segments)
    counts = states.count_matrix(transitions)
    low, high = jeffreys_interval(counts, counts.sum(axis=1, keepdims=True))
    if not transitions["customer_id"].is_unique().all():
        # The period of a transition does not matter here: fewer kinds of path, same draws.
        timeless = transitions.with_columns(since=pl.lit(0))
        pooled = bootstrap_counts(timeless, states, by)[:, 0]
        drawn_low, drawn_high = percentile_bounds(row_shares(pooled))
        inner = (counts > 0) & (counts < counts.sum(axis=1, keepdims=True))
        low, high = np.where(inner, drawn_low, low), np.where(inner, drawn_high, high)
    return matrix_table(states, counts, low, high)


def matrix_table(
    states: TransitionStates, counts: FloatArray, low: FloatArray, high: FloatArray
) -> pl.DataFrame:
    """Return counts and bounds as `TRANSITION_MATRIX_SCHEMA`."""
    total = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
    columns = {"n": counts, "n_from": total, "share": row_shares(counts), "low": low, "high": high}
    numbers = pl.DataFrame({name: part.ravel() for name, part in columns.items()})
    cells = pl.concat([states.cell_labels(), numbers], how="horizontal")
    is_small = pl.col("n_from") < MIN_CUSTOMERS_FOR_SHARES
    found = cells.with_columns(pl.col("share", "low", "high").fill_nan(None), is_small=is_small)
    return found.cast(pl.Schema(TRANSITION_MATRIX_SCHEMA))
