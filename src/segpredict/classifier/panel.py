"""Build one row per customer and origin: what was known, and the outcome."""

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from segpredict import features
from segpredict.core import schemas
from segpredict.core.panel import Feature, Panel
from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.core.transactions import Transactions
from segpredict.core.window import Window
from segpredict.errors import SegpredictError

STATE_MEANINGS = {
    "state_now": "Segment in the window that ends at the cutoff",
    "state_before": "Segment one horizon earlier",
}
STATE_FEATURES: tuple[Feature, ...] = tuple(
    Feature(name, f"{text}; 0 is inactive, higher is more valuable.", "segment", family="segment")
    for name, text in STATE_MEANINGS.items()
)
PANEL_KEY = ("customer_id", "cutoff")


class SegmentAssigner(Protocol):
    """What the panel needs of a frozen segmentation."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments in code order, INACTIVE first."""

    @property
    def extra_inputs(self) -> tuple[str, ...]:
        """What the clustering inputs must hold beyond spend and purchase days."""

    @property
    def is_by_purchases(self) -> bool:
        """Whether spend and purchase days of the window alone decide."""

    def assign(self, inputs: pl.DataFrame, ends: Sequence[int] = ()) -> pl.DataFrame:
        """Return ``customer_id``, ``end`` and ``segment`` for each row given.

        And of customers whose segment does not depend on orders, on the days of the rows and on
        these days.
        """

    def require_fitted_before(self, cutoff: int) -> None:
        """Raise unless all that was fitted ended on or before the cutoff."""


def build_panel(
    transactions: Transactions,
    segmentation: SegmentAssigner,
    windows: Sequence[Window],
    families: Sequence[str] | None = None,
) -> Panel:
    """Return the rows of these origins, with labels where the outcome is complete.

    * `transactions`, `segmentation`, `windows`: the shop's lines; the frozen segmentation, for
      states and labels; one window an origin.
    * `families`: feature families; ``None`` means the default ones.

    A row depends on the history alone: eligible customers, whatever they did next.
    A customer without an order in the outcome window is labelled INACTIVE, never dropped. A
    state is ordinal: codes rise with value.
    """
    ordered = sorted(windows, key=lambda window: window.cutoff)
    tables = features.build_features(transactions, ordered, families)
    known = pl.concat(
        table.frame.with_columns(
            cutoff=pl.lit(table.window.cutoff, pl.Int32),
            is_complete=pl.lit(table.window.outcome_end <= transactions.end_day),
        )
        for table in tables
    )
    rows = _with_states(known, _states(transactions, segmentation, ordered), ordered[0])
    newcomers = _newcomers(transactions, ordered)
    rows = rows.join(newcomers, on=PANEL_KEY, how="left", maintain_order="left")
    if rows.height != known.height:
        raise SegpredictError(
            f"Joining labels changed the panel from {known.height} to {rows.height} rows.",
            fix="report this: a population must depend on the past alone.",
        )
    states, columns = tuple(feature.name for feature in STATE_FEATURES), tables[0].feature_names
    frame = _finished(rows, states, columns)
    schemas.validate_schema(frame.select(list(schemas.PANEL_SCHEMA.columns)), schemas.PANEL_SCHEMA)
    return Panel(frame, (*states, *columns), ordered[-1])


def _states(
    transactions: Transactions, segmentation: SegmentAssigner, windows: Sequence[Window]
) -> pl.DataFrame:
    spans = set()
    for w in windows:
        ends = [w.cutoff, w.cutoff - w.horizon]
        if w.outcome_end <= transactions.end_day:
            ends.append(w.outcome_end)
        spans |= {(end - w.horizon, end) for end in ends}
    inputs = features.clustering_inputs(transactions, sorted(spans), segmentation.extra_inputs)
    ends = sorted({end for _, end in spans})
    return segmentation.assign(inputs, ends).select("customer_id", "end", "segment")


def _with_states(known: pl.DataFrame, states: pl.DataFrame, like: Window) -> pl.DataFrame:
    # Which window a state belongs to follows from the day on which it ends.
    offsets = {"state_now": 0, "state_before": -like.horizon, "label": like.gap + like.horizon}
    rows = known
    for name, days in offsets.items():
        shifted = states.select(
            "customer_id",
            (pl.col("end") - days).cast(pl.Int32).alias("cutoff"),
            pl.col("segment").cast(pl.Int8).alias(name),
        )
        rows = rows.join(shifted, on=PANEL_KEY, how="left", maintain_order="left")
    return rows


def _newcomers(transactions: Transactions, windows: Sequence[Window]) -> pl.DataFrame:
    orders = transactions.order_days()
    firsts = [
        orders.known_at(w.cutoff)
        .group_by("customer_id")
        .agg(pl.col("day").min())
        .select(
            "customer_id",
            pl.lit(w.cutoff, pl.Int32).alias("cutoff"),
            is_new=pl.col("day") >= w.cutoff - w.horizon,
        )
        for w in windows
    ]
    return pl.concat(pl.collect_all(firsts))


def _finished(rows: pl.DataFrame, states: Sequence[str], names: Sequence[str]) -> pl.DataFrame:
    inactive = pl.lit(INACTIVE_CODE, pl.Int8)
    return (
        rows.with_columns(
            pl.col(states).fill_null(inactive),
            pl.when("is_complete").then(pl.col("label").fill_null(inactive)),
            pl.col("is_new").fill_null(value=False),
        )
        .sort("cutoff", "customer_id")
        .select(*PANEL_KEY, *states, "label", "is_new", *names)
    )
