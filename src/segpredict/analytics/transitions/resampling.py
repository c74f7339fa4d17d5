"""Bootstrap of customers, each with all of its transitions."""

import numpy as np
import polars as pl
from scipy import sparse

from segpredict.analytics.transitions.states import TransitionStates
from segpredict.classifier.evaluation.bootstrap import (
    DRAWS_PER_CHUNK,
    Resampling,
    percentile_interval,
)
from segpredict.core.arrays import FloatArray

DEFAULT_RESAMPLING = Resampling(draws=1000, seed=0)


def bootstrap_counts(
    transitions: pl.DataFrame, states: TransitionStates, by: Resampling
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
    for start in range(0, by.draws, DRAWS_PER_CHUNK):
        stop = min(start + DRAWS_PER_CHUNK, by.draws)
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
        low[cell], high[cell] = percentile_interval(drawn[(slice(None), *cell)])
    return low, high


def row_shares(counts: FloatArray) -> FloatArray:
    """Return each row as shares of itself; NaN for empty rows.

    >>> row_shares(np.array([[1.0, 3.0]])).tolist()
    [[0.25, 0.75]]
    """
    total = counts.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        found: FloatArray = counts / np.where(total > 0, total, np.nan)
    return found
