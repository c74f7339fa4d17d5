"""Observed migration matrix: row shares with intervals, by a bootstrap of customers.

And its mobility: one number for how much a matrix moves its customers.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import sparse

from segpredict.analytics.transitions import matrix
from segpredict.analytics.transitions.states import TransitionStates, transition_states
from segpredict.classifier.evaluation import bootstrap
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES, Z_95, jeffreys_interval
from segpredict.core.segment import Segment

MOBILITY_SCHEMA = {
    **dict.fromkeys(("since", "until"), pl.Date),
    "n": pl.Int64,
    **dict.fromkeys(("share_staying", "mobility", "low", "high"), pl.Float64),
    "is_small": pl.Boolean,
}

CELL_COLUMNS = ("from_id", "from_name", "to_id", "to_name")
TRANSITION_MATRIX_SCHEMA = {
    **dict.fromkeys(CELL_COLUMNS, pl.String),
    **dict.fromkeys(("n", "n_from", "share", "low", "high"), pl.Float64),
    "is_small": pl.Boolean,
}
DEFAULT_RESAMPLING = bootstrap.Resampling(draws=1000, seed=0)


def observed_matrix(
    transitions: pl.DataFrame,
    segments: Sequence[Segment],
    by: bootstrap.Resampling = DEFAULT_RESAMPLING,
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


def bootstrap_counts(
    transitions: pl.DataFrame, states: TransitionStates, by: bootstrap.Resampling
) -> FloatArray:
    """Return the count matrix of each period in every draw of customers.

    Whole customers are drawn, since their periods are not independent; those with the same path
    together, so the count of each path is multinomial.
    """
    since = transitions["since"].unique().sort()
    shape = len(since), len(states.row_states), len(states.column_states)
    kinds, sizes = _kinds(transitions, states, since, int(np.prod(shape)))
    everyone = int(sizes.sum())
    rng = np.random.default_rng(by.seed)
    drawn = np.empty((by.draws, kinds.shape[1]))
    for start in range(0, by.draws, bootstrap.DRAWS_PER_CHUNK):
        stop = min(start + bootstrap.DRAWS_PER_CHUNK, by.draws)
        drawn_kinds = rng.multinomial(everyone, sizes / max(everyone, 1), size=stop - start)
        drawn[start:stop] = (kinds.T @ drawn_kinds.T).T
    return drawn.reshape(by.draws, *shape)


def _kinds(
    transitions: pl.DataFrame, states: TransitionStates, since: pl.Series, width: int
) -> tuple[sparse.csr_array, FloatArray]:
    """Return the cells of each distinct path, and the number of its customers."""
    period = transitions["since"].replace_strict(since, range(len(since)), return_dtype=pl.Int64)
    cells = period * (width // max(len(since), 1)) + states.cell_indices(transitions)
    placed = transitions.select("customer_id", cells.alias("cell"))
    if transitions["customer_id"].n_unique() == transitions.height:
        paths = placed.select(pl.concat_list("cell").alias("cell"))
    else:
        paths = placed.group_by("customer_id").agg(pl.col("cell").sort())
    kinds_of_path = paths.group_by("cell").len().sort("cell")
    lengths = kinds_of_path["cell"].list.len().to_numpy()
    steps = kinds_of_path["cell"].explode(empty_as_null=False).to_numpy()
    rows = np.repeat(np.arange(kinds_of_path.height), lengths)
    shape = kinds_of_path.height, width
    kinds = sparse.coo_array((np.ones(len(steps)), (rows, steps)), shape=shape)
    return sparse.csr_array(kinds), kinds_of_path["len"].to_numpy().astype(np.float64)


def percentile_bounds(drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the 2.5 % and 97.5 % points over the first axis; NaN without finite draws."""
    low, high = np.empty(drawn.shape[1:]), np.empty(drawn.shape[1:])
    for cell in np.ndindex(drawn.shape[1:]):
        low[cell], high[cell] = bootstrap.percentile_interval(drawn[(slice(None), *cell)])
    return low, high


def row_shares(counts: FloatArray) -> FloatArray:
    """Return each row as shares of itself; NaN for empty rows.

    >>> row_shares(np.array([[1.0, 3.0]])).tolist()
    [[0.25, 0.75]]
    """
    return bootstrap.safe_ratio(counts, counts.sum(axis=-1, keepdims=True))


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
