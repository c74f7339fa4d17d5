"""The columns of a score that follow from the probabilities."""

from collections.abc import Sequence
from itertools import compress

import numpy as np
import polars as pl

from segpredict.classifier import DecisionPolicy
from segpredict.core.segment import INACTIVE_CODE


def forecast_columns(rows: pl.DataFrame, probabilities: np.ndarray) -> pl.DataFrame:
    """Return the forecast columns: most likely segment, probabilities, down and up.

    >>> rows = pl.DataFrame({"customer_id": ["a"], "state_now": [1]})
    >>> out = forecast_columns(rows, np.array([[0.2, 0.5, 0.3]]))
    >>> out.row(0, named=True)["p_down"], out.row(0, named=True)["p_up"]
    (0.2, 0.3)
    """
    now = rows["state_now"].to_numpy().astype(np.int64)
    # Segment by segment: library sums group their terms by the number of rows, and a
    # customer alone must get the bits it gets among others.
    down, up = np.zeros(rows.height), np.zeros(rows.height)
    for code in range(probabilities.shape[1]):
        down += np.where(code < now, probabilities[:, code], 0.0)
        up += np.where(code > now, probabilities[:, code], 0.0)
    return rows.select("customer_id", "state_now").with_columns(
        pl.Series("next", probabilities.argmax(axis=1), dtype=pl.Int64),
        *(pl.Series(f"p_{code}", probabilities[:, code]) for code in range(probabilities.shape[1])),
        # Sums of rounded shares can pass one by a last bit.
        pl.Series("p_down", np.minimum(down, 1.0)),
        pl.Series("p_up", np.minimum(up, 1.0)),
        pl.Series("p_inactive", probabilities[:, INACTIVE_CODE]),
        pl.lit(None, pl.String).alias("segment_set"),
        pl.lit(None, pl.Int64).alias("set_size"),
    )


def decision_columns(
    forecasts: pl.DataFrame, probabilities: np.ndarray, policy: DecisionPolicy, names: Sequence[str]
) -> pl.DataFrame:
    """Return forecasts with the segment that the rule names, and the set of each."""
    inside = policy.prediction_sets(probabilities)
    sets = [" | ".join(compress(names, row)) for row in inside.tolist()]
    return forecasts.with_columns(
        pl.Series("next", policy.predict(probabilities), dtype=pl.Int64),
        pl.Series("segment_set", sets, dtype=pl.String),
        pl.Series("set_size", inside.sum(axis=1), dtype=pl.Int64),
    )
