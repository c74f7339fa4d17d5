"""Periods of the data, and the segment of every customer before and after each."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from segpredict import features
from segpredict.analytics.transitions.states import LAPSED_STATE, NEW_STATE, TRANSITIONS_SCHEMA
from segpredict.classifier import SegmentAssigner
from segpredict.config.classifier import TimeOptions
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import Transactions
from segpredict.core.window import DAYS_PER_YEAR, Window, as_date, rolling_origins


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
    transactions: Transactions, segmentation: SegmentAssigner, windows: Sequence[Window]
) -> pl.DataFrame:
    """Return the segment of every customer before and after each cutoff.

    One row a customer and period, sorted: ``customer_id``; ``since``, the day of the cutoff;
    ``until``, the day after the outcome; ``previous_id``, the segment one window before `since`
    (null for later customers, or where the data do not reach back); ``from_id`` and ``to_id``.

    It holds all customers with an order before the cutoff, and all whose first order lies in the
    outcome (from NEW). Customers who ordered in the look-back but not in the last window come from
    INACTIVE; those whose last order is older, from LAPSED. So a column adds up to all customers of
    that segment in the outcome.
    """
    heads = transactions.lines.filter("is_order_head")
    orders = heads.select("customer_id", "day", "void_day").collect()
    shop = replace(transactions, lines=orders.lazy())
    spans = {
        span
        for w in windows
        for end in (w.cutoff, w.cutoff - w.horizon, w.outcome_end)
        if (span := (end - w.horizon, end))[0] >= transactions.first_day
    }
    measured = features.clustering_inputs(transactions, sorted(spans), segmentation.extra_inputs)
    ids = {segment.code: segment.id for segment in segmentation.segments}
    segment = pl.col("segment").cast(pl.Int64).replace_strict(ids, return_dtype=pl.String)
    states = segmentation.assign(measured).select("customer_id", "end", segment)
    inactive = ids[INACTIVE_CODE]
    parts = [_period(shop, states, window, inactive) for window in windows]
    return pl.concat([pl.DataFrame(schema=TRANSITIONS_SCHEMA), *parts]).sort("since", "customer_id")


def _period(
    shop: Transactions, states: pl.DataFrame, window: Window, inactive: str
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
    is_recent, lapsed = pl.col("last") >= window.start, pl.lit(LAPSED_STATE.id)
    observed = known
    for side in (now, before, after):
        observed = observed.join(side, on="customer_id", how="left")
    observed = observed.with_columns(
        pl.col("from_id").fill_null(pl.when(is_recent).then(pl.lit(inactive)).otherwise(lapsed)),
        pl.when(was_there).then(pl.col("previous_id").fill_null(inactive)),
        pl.col("to_id").fill_null(inactive),
    )
    newcomers = after.join(known, on="customer_id", how="anti").with_columns(
        previous_id=pl.lit(None, pl.String), from_id=pl.lit(NEW_STATE.id)
    )
    since, until = as_date(window.cutoff), as_date(window.outcome_end)
    moved = pl.concat([observed.select(newcomers.columns), newcomers])
    return moved.with_columns(since=since, until=until).select(*TRANSITIONS_SCHEMA)
