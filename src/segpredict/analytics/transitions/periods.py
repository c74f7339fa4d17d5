"""Periods of the data, and the segment of every customer before and after each.

Two of them are compared, and the customers who entered and left each segment are listed.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from segpredict.analytics.transitions import matrix
from segpredict.analytics.transitions.activity import ACTIVITY_COLUMNS, measure_windows
from segpredict.analytics.transitions.matrix import (
    CELL_COLUMNS,
    bias_corrected_interval,
    mobility_index,
    observed_matrix,
)
from segpredict.analytics.transitions.states import (
    LAPSED_STATE,
    NEW_STATE,
    TRANSITIONS_SCHEMA,
    transition_states,
)
from segpredict.classifier import SegmentAssigner
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.config.classifier import TimeOptions
from segpredict.core.arrays import FloatArray
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.core.transactions import Transactions
from segpredict.core.window import DAYS_PER_YEAR, Window, as_date, rolling_origins

PERIOD_COMPARISON_SCHEMA = {
    **dict.fromkeys(("first", "second"), pl.Date),
    **dict.fromkeys(("figure", *CELL_COLUMNS), pl.String),
    **dict.fromkeys(("value_first", "value_second", "n_first", "n_second"), pl.Float64),
    **dict.fromkeys(("difference", "low", "high"), pl.Float64),
    "is_small": pl.Boolean,
}

CUSTOMER_LIST_SCHEMA = {
    **dict.fromkeys(("segment_id", "segment", "direction", "customer_id"), pl.String),
    **dict.fromkeys(("other_segment_id", "other_segment"), pl.String),
    **dict.fromkeys(("since", "until"), pl.Date),
}


def transition_periods(
    first_day: int, end_day: int, time: TimeOptions
) -> tuple[tuple[Window, ...], Window | None]:
    """Return consecutive periods, and the same season one year before the newest.

    Periods with disjoint outcomes, oldest first; the newest is the newest whose outcome is settled.
    Then the same season one year (364 days) before the newest, which may be one of them; ``None``
    where the data do not reach back.

    No period begins before first_day + max(horizon, half the look-back), as for training origins:
    earlier, too little of the past was observed to tell who is new.

    >>> row, last_year = transition_periods(0, 728, TimeOptions())
    >>> [w.cutoff for w in row], last_year.cutoff
    ([182, 273, 364, 455, 546, 637], 273)
    """
    earliest = first_day + max(time.horizon, -(-time.lookback // 2))
    newest = time.window_at(end_day - time.days_to_complete, first_day)
    row = tuple(reversed(list(rolling_origins(newest, time.horizon, earliest))))
    before = newest.at_cutoff(newest.cutoff - DAYS_PER_YEAR)
    return row, before if before.cutoff >= earliest else None


def segment_transitions(
    transactions: Transactions,
    segmentation: SegmentAssigner,
    windows: Sequence[Window],
    purchases: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return the segment of every customer before and after each cutoff.

    `purchases` are `measure_windows` of the same windows, where they are known.

    One row a customer and period, sorted: ``customer_id``; ``since``, the day of the cutoff;
    ``until``, the day after the outcome; ``previous_id``, the segment one window before `since`
    (null for later customers, or where the data do not reach back); ``from_id`` and ``to_id``.

    It holds all customers with an order before the cutoff, and all whose first order lies in the
    outcome (from NEW). Customers who ordered in the look-back but not in the last window come from
    INACTIVE; those whose last order is older, from LAPSED. So a column adds up to all customers of
    that segment in the outcome; of the shop's own segments, to those who did not lapse.
    """
    shop = transactions.order_days()
    measured = purchases
    if measured is None:
        measured = measure_windows(transactions, windows, segmentation.extra_inputs)
    ids = {segment.code: segment.id for segment in segmentation.segments}
    segment = pl.col("segment").cast(pl.Int64).replace_strict(ids, return_dtype=pl.String)
    states = segmentation.assign(measured).select("customer_id", "end", segment)
    inactive = ids[INACTIVE_CODE]
    bought = measured.select("customer_id", "end")
    parts = [_period(shop, states, bought, window, inactive) for window in windows]
    return pl.concat([pl.DataFrame(schema=TRANSITIONS_SCHEMA), *parts]).sort("since", "customer_id")


def _period(
    shop: Transactions, states: pl.DataFrame, bought: pl.DataFrame, window: Window, inactive: str
) -> pl.DataFrame:
    known = (
        shop.known_at(window.cutoff)
        .group_by("customer_id")
        .agg(first=pl.col("day").min(), last=pl.col("day").max())
        .collect()
    )
    earlier = window.cutoff - window.horizon
    ends = {"from_id": window.cutoff, "previous_id": earlier, "to_id": window.outcome_end}
    now, before, after = (
        states.filter(end=end).select("customer_id", pl.col("segment").alias(name))
        for name, end in ends.items()
    )
    was_there = (pl.col("first") < earlier) & (earlier - window.horizon >= shop.first_day)
    # A shop's own segments may hold those who long lapsed: without an order they stay so.
    buyers, returned = (
        pl.col("customer_id").is_in(bought.filter(end=end)["customer_id"].implode())
        for end in (window.cutoff, window.outcome_end)
    )
    is_recent = (pl.col("last") >= window.start) | buyers
    observed = known
    for side in (now, before, after):
        observed = observed.join(side, on="customer_id", how="left")
    observed = observed.with_columns(
        pl.when(is_recent)
        .then(pl.col("from_id").fill_null(inactive))
        .otherwise(pl.lit(LAPSED_STATE.id))
        .alias("from_id"),
        pl.when(was_there).then(pl.col("previous_id").fill_null(inactive)),
        pl.when(is_recent | returned).then("to_id").fill_null(inactive).alias("to_id"),
    )
    new = bought.filter(end=window.outcome_end).join(known, on="customer_id", how="anti")
    newcomers = after.join(new, on="customer_id", how="semi").with_columns(
        previous_id=pl.lit(None, pl.String), from_id=pl.lit(NEW_STATE.id)
    )
    since, until = as_date(window.cutoff), as_date(window.outcome_end)
    moved = pl.concat([observed.select(newcomers.columns), newcomers])
    return moved.with_columns(since=since, until=until).select(*TRANSITIONS_SCHEMA)


def entered_and_left(transitions: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return one row for each customer who entered or left a segment (`CUSTOMER_LIST_SCHEMA`).

    ``direction`` is "entered" or "left", ``other_segment_id`` where the customer came from or went
    to, between the days ``since`` and ``until``. Sorted by period, segment, direction, other and
    customer. A customer who changed segment is listed twice, once for each; one who stayed is not.

    Transitions of a run also say the ``activity`` of the customer and what was spent before and
    after (`with_activity`).

    NEW, LAPSED and ERASED are states outside the segments, and have no lists of their own.
    From LAPSED to INACTIVE is no transition: the customer stays inactive.

    >>> two = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    >>> from datetime import date
    >>> day = {"since": [date(2024, 1, 1)], "until": [date(2024, 4, 1)]}
    >>> rows = {"customer_id": ["a"], **day, "from_id": ["S1"], "to_id": ["S0"]}
    >>> listed = entered_and_left(pl.DataFrame(rows), two)
    >>> listed.select("segment", "direction", "customer_id", "other_segment").rows()
    [('Inactive', 'entered', 'a', 'Core'), ('Core', 'left', 'a', 'Inactive')]
    """
    states = transition_states(transitions, segments)
    states.cell_indices(transitions)  # raises for unknown ids
    names = {s.id: s.name for s in (*states.row_states, *states.to_states)}
    order = pl.Enum(list(names))
    own = [segment.id for segment in states.segments]
    moved = transitions.filter(
        pl.col("from_id") != pl.col("to_id"),
        ~((pl.col("from_id") == "LAPSED") & (pl.col("to_id") == own[0])),
    )
    further = [name for name in ACTIVITY_COLUMNS if name in moved.columns]
    sides = [
        moved.select(
            *("customer_id", "since", "until", *further),
            segment_id=mine,
            direction=pl.lit(direction),
            other_segment_id=theirs,
        )
        for direction, mine, theirs in (
            ("entered", "to_id", "from_id"),
            ("left", "from_id", "to_id"),
        )
    ]
    mine, theirs = (pl.col(name).cast(order) for name in ("segment_id", "other_segment_id"))
    return (
        pl.concat(sides)
        .filter(pl.col("segment_id").is_in(own))
        .with_columns(
            segment=pl.col("segment_id").replace_strict(names),
            other_segment=pl.col("other_segment_id").replace_strict(names),
        )
        .sort("since", mine, "direction", theirs, "customer_id")
        .select(*(pl.col(name).cast(kind) for name, kind in CUSTOMER_LIST_SCHEMA.items()), *further)
    )


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
