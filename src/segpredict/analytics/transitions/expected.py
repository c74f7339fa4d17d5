"""Predicted migration matrix: sums of probabilities, and their dispersion."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from segpredict.analytics.transitions.matrix import TRANSITION_MATRIX_SCHEMA, matrix_table
from segpredict.analytics.transitions.states import LAPSED_STATE, NEW_STATE, TransitionStates
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES, Z_95
from segpredict.core.segment import Segment

EXPECTED_MATRIX_SCHEMA = TRANSITION_MATRIX_SCHEMA | {
    **dict.fromkeys(("sd", "dispersion"), pl.Float64),
    "basis": pl.String,
}
MIN_CELL_SD = 2.0  # customers; cells with a smaller sd are not used for the dispersion
EXACT_PARTS = 2.0**40  # sums of whole numbers do not depend on their order
UNMODELLED_STARTS = (NEW_STATE.id, LAPSED_STATE.id)


def expected_matrix(
    starts: pl.Series,
    probabilities: FloatArray,
    segments: Sequence[Segment],
    dispersion: float = 1.0,
    weight: float = 1.0,
) -> pl.DataFrame:
    """Return the predicted number of customers for each transition.

    `EXPECTED_MATRIX_SCHEMA`: ``n`` is a sum of probabilities, ``sd`` its standard deviation by
    chance alone. ``low`` and ``high`` bound the share that will be observed with 95 %, if the
    forecast is as good as earlier ones. ``basis`` is "model".

    The count of a cell is a sum of independent draws with unequal probabilities: mean μ = Σp,
    variance σ² = Σp(1 − p), skewness γ = Σp(1 − p)(1 − 2p) / σ³. Its points are those of Cornish
    and Fisher, μ + σ√φ(z + γ(z² − 1)/6), half a customer added outwards, and never below none or
    above all. φ is 1 for chance alone. Customers are not independent, though: a season or a
    promotion moves them together, and φ measures how far earlier forecasts were off by that.
    Where the customers given are a sample, each stands for `weight` of them.

    >>> two = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    >>> probabilities = np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> matrix = expected_matrix(pl.Series(["S1", "S1"]), probabilities, two)
    >>> matrix.filter(from_id="S1")["n"].round(6).to_list()
    [0.8, 1.2]
    """
    states = TransitionStates(tuple(sorted(segments, key=lambda segment: segment.code)))
    ids = [segment.id for segment in states.segments]
    rows = starts.replace_strict(ids, range(len(ids)), return_dtype=pl.Int64).to_numpy()
    each = probabilities * (1 - probabilities)
    given = np.bincount(rows, minlength=len(ids)).astype(np.float64)[:, None]
    n = np.round(weight * given)
    mean, variance, third = (
        _summed(rows, part, len(ids)) * (n / np.maximum(given, 1.0))
        for part in (probabilities, each, each * (1 - 2 * probabilities))
    )
    sd = np.sqrt(variance)
    skew = np.divide(third, variance * sd, out=np.zeros_like(sd), where=sd > 0)
    shift = skew * (Z_95 * Z_95 - 1) / 6
    size = np.where(n > 0, n, np.nan)
    low, high = (
        np.clip(mean + sd * dispersion**0.5 * (side * Z_95 + shift) + side / 2, 0, n) / size
        for side in (-1, 1)
    )
    matrix = matrix_table(states, mean, low, high)
    # The sum of a row is a whole number of customers, whatever rounding leaves.
    whole = pl.Series(np.repeat(n, len(ids), axis=1).ravel())
    return matrix.with_columns(
        whole.alias("n_from"),
        (whole < MIN_CUSTOMERS_FOR_SHARES).alias("is_small"),
        pl.Series("sd", sd.ravel()),
        pl.lit(dispersion).alias("dispersion"),
        pl.lit("model").alias("basis"),
    ).cast(pl.Schema(EXPECTED_MATRIX_SCHEMA))


def _summed(rows: np.ndarray, values: FloatArray, size: int) -> FloatArray:
    whole = np.round(values * EXACT_PARTS)
    sums = [np.bincount(rows, weights=column, minlength=size) for column in whole.T]
    return np.column_stack(sums) / EXACT_PARTS


def forecast_dispersion(predicted: pl.DataFrame, observed: pl.DataFrame) -> float:
    """Return the dispersion of counts around forecasts, relative to chance.

    `predicted`: `EXPECTED_MATRIX_SCHEMA` of one or more periods, with ``since``. `observed`:
    `transitions.observed_matrix` of the same periods, with ``since``.

    The mean of (n − μ)²/σ² over the cells that chance moves by at least two customers: 1 where
    customers are independent and the probabilities true. Never below 1, and 1 where nothing can be
    compared.

    >>> cell = {"since": ["2024-01-01"], "from_id": ["S1"], "to_id": ["S0"]}
    >>> predicted, observed = {**cell, "n": [100.0], "sd": [10.0]}, {**cell, "n": [120.0]}
    >>> forecast_dispersion(pl.DataFrame(predicted), pl.DataFrame(observed))
    4.0
    """
    cell = ["since", "from_id", "to_id"]
    both = predicted.filter(pl.col("sd") >= MIN_CELL_SD).join(
        observed.select(*cell, "n"), on=cell, how="inner", suffix="_counted"
    )
    squared_error = ((pl.col("n_counted") - pl.col("n")) / pl.col("sd")) ** 2
    found = both.sort(cell).select(squared_error).to_series()
    return max(1.0, float(found.sum()) / len(found)) if len(found) else 1.0


def unmodelled_rows(history: pl.DataFrame, sizes: Mapping[str, float]) -> pl.DataFrame:
    """Return the rows without a model: new and lapsed customers.

    `EXPECTED_MATRIX_SCHEMA` with ``basis`` "naive": the size times the shares of the past. It has
    no interval, since no model was fitted.
    """
    starts = [start for start in UNMODELLED_STARTS if start in sizes]
    known = history.filter(pl.col("from_id").is_in(starts) & pl.col("share").is_not_null())
    size = pl.col("from_id").replace_strict(dict(sizes), default=None, return_dtype=pl.Float64)
    missing = dict.fromkeys(("low", "high", "sd", "dispersion"), pl.lit(None, pl.Float64))
    is_small = size < MIN_CUSTOMERS_FOR_SHARES
    counted = {"n": size * pl.col("share"), "n_from": size, "is_small": is_small}
    found = known.with_columns(**counted, **missing, basis=pl.lit("naive"))
    return found.select(*EXPECTED_MATRIX_SCHEMA)
