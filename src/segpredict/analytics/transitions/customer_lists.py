"""Lists of customers who entered and left each segment."""

from collections.abc import Sequence

import polars as pl

from segpredict.analytics.transitions.states import transition_states
from segpredict.core.segment import Segment

CUSTOMER_LIST_SCHEMA = {
    **dict.fromkeys(("segment_id", "segment", "direction", "customer_id"), pl.String),
    **dict.fromkeys(("other_segment_id", "other_segment"), pl.String),
    **dict.fromkeys(("since", "until"), pl.Date),
}


def entered_and_left(transitions: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return one row for each customer who entered or left a segment (`CUSTOMER_LIST_SCHEMA`).

    ``direction`` is "entered" or "left", ``other_segment_id`` where the customer came from or went
    to, between the days ``since`` and ``until``. Sorted by period, segment, direction, other and
    customer. A customer who changed segment is listed twice, once for each; one who stayed is not.

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
    sides = [
        moved.select(
            *("customer_id", "since", "until"),
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
        .select(pl.col(name).cast(kind) for name, kind in CUSTOMER_LIST_SCHEMA.items())
    )
