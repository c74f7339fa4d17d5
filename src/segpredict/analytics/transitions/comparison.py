"""Compare two periods: which transition shares differ, and by how much."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from segpredict.analytics.transitions import matrix
from segpredict.analytics.transitions.matrix import CELL_COLUMNS, observed_matrix
from segpredict.analytics.transitions.mobility import bias_corrected_interval, mobility_index
from segpredict.analytics.transitions.states import transition_states
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES
from segpredict.core.segment import Segment

PERIOD_COMPARISON_SCHEMA = {
    **dict.fromkeys(("first", "second"), pl.Date),
    **dict.fromkeys(("figure", *CELL_COLUMNS), pl.String),
    **dict.fromkeys(("value_first", "value_second", "n_first", "n_second"), pl.Float64),
    **dict.fromkeys(("difference", "low", "high"), pl.Float64),
    "is_small": pl.Boolean,
}


def compare_periods(
    transitions: pl.DataFrame,
    first: date,
    second: date,
    segments: Sequence[Segment],
    by: Resampling = matrix.DEFAULT_RESAMPLING,
) -> pl.DataFrame:
    """Return the differences between the transitions of two periods, named by their ``since``.

    `PERIOD_COMPARISON_SCHEMA`: one row of ``figure`` "mobility", then one of "share" for each cell.
    ``difference`` is the second less the first, with a 95 % interval. ``n_first`` and ``n_second``
    are the customers behind it; where fewer than 30 stand behind either, the row ``is_small``.
    States outside the segments are included where both periods have customers there.

    Shares: d ± √((p₁ − l₁)² + (u₂ − p₂)²) and its mirror, from each share's own interval (MOVER,
    after Newcombe), which is also valid for zero counts. The two count as independent; customers
    who are alike in both periods make the truth narrower. Mobility: the same draw of customers for
    both periods. No interval is adjusted for how many cells there are: 5 % of equal shares will
    seem to differ.
    """
    pair = transitions.filter(pl.col("since").is_in([first, second]))
    before, after = (
        observed_matrix(transitions.filter(since=day), segments).select(
            *CELL_COLUMNS, pl.col("share", "low", "high", "n_from").name.suffix(side)
        )
        for day, side in ((first, "_first"), (second, "_second"))
    )
    cells = before.join(after, on=CELL_COLUMNS, how="inner", maintain_order="left")
    difference = pl.col("share_second") - pl.col("share_first")
    down = _reach("share_second", "low_second", "high_first", "share_first")
    up = _reach("high_second", "share_second", "share_first", "low_first")
    shares = cells.select(
        pl.lit(first).alias("first"),
        pl.lit(second).alias("second"),
        pl.lit("share").alias("figure"),
        *CELL_COLUMNS,
        pl.col("share_first", "share_second").name.replace("share", "value"),
        pl.col("n_from_first", "n_from_second").name.replace("_from", ""),
        difference=difference,
        low=difference - down,
        high=difference + up,
        is_small=pl.min_horizontal("n_from_first", "n_from_second") < MIN_CUSTOMERS_FOR_SHARES,
    )
    whole = _mobility_row(pair, first, second, segments, by)
    return pl.concat([whole, shares.cast(pl.Schema(PERIOD_COMPARISON_SCHEMA))])


def _reach(top: str, bottom: str, high: str, low: str) -> pl.Expr:
    above, below = pl.col(top) - pl.col(bottom), pl.col(high) - pl.col(low)
    return (above**2 + below**2).sqrt()


def _mobility_row(
    pair: pl.DataFrame, first: date, second: date, segments: Sequence[Segment], by: Resampling
) -> pl.DataFrame:
    states = transition_states(pair, segments)
    square = np.s_[..., : states.n_segments, : states.n_segments]
    counts = [states.count_matrix(pair.filter(since=day))[square] for day in (first, second)]
    values = [float(mobility_index(matrix.row_shares(each))) for each in counts]
    drawn = matrix.bootstrap_counts(pair, states, by)[square]
    moved: FloatArray = mobility_index(matrix.row_shares(drawn))
    one, two = (0, -1) if first < second else (-1, 0)
    gap = values[1] - values[0]
    low, high = bias_corrected_interval(gap, moved[:, two] - moved[:, one])
    is_small = bool(min(each.sum(axis=1).min() for each in counts) < MIN_CUSTOMERS_FOR_SHARES)
    sizes = [each.sum() for each in counts]
    head = (first, second, "mobility", *(None for _ in CELL_COLUMNS))
    row = (*head, *values, *sizes, gap, low, high, is_small)
    table = pl.DataFrame([row], schema=PERIOD_COMPARISON_SCHEMA, orient="row")
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))
