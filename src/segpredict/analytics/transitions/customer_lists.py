"""Who entered each segment and from where; who left it and to where."""

from collections.abc import Sequence

import polars as pl

from segpredict.analytics.transitions.states import transition_states
from segpredict.core.segment import Segment

CUSTOMER_LIST_SCHEMA = pl.Schema(
    {
        "segment_id": pl.String,
        "segment": pl.String,
        "direction": pl.String,
        "customer_id": pl.String,
        "other_id": pl.String,
        "other": pl.String,
        "since": pl.Date,
        "until": pl.Date,
    }
)


def entered_and_left(transitions: pl.DataFrame, segments: Sequence[Segment]) -> pl.DataFrame:
    """Return one row for each customer who came into a segment or went out of it.

    Parameters
    ----------
    transitions
        `movement.run_transitions`, or `History.moves`.
    segments
        All segments.

    Returns
    -------
    polars.DataFrame
        `CUSTOMER_LIST_SCHEMA`: ``direction`` is "entered" or "left", ``other_id`` where the
        customer came from or went to, between the days ``since`` and ``until``. Sorted by
        period, segment, direction, other and customer. Who moved from one segment to
        another is in it twice, once for each; who stayed is not.

    Notes
    -----
    NEW, SILENT and GONE are places to come from or go to, and have no lists of their
    own. From SILENT to INACTIVE is no move: the silence goes on.

    Examples
    --------
    >>> two = (Segment(0, "S0", "Inactive"), Segment(1, "S1", "Core"))
    >>> from datetime import date
    >>> day = {"since": [date(2024, 1, 1)], "until": [date(2024, 4, 1)]}
    >>> went = {"customer_id": ["a"], **day, "from_id": ["S1"], "to_id": ["S0"]}
    >>> told = entered_and_left(pl.DataFrame(went), two)
    >>> told.select("segment", "direction", "customer_id", "other").rows()
    [('Inactive', 'entered', 'a', 'Core'), ('Core', 'left', 'a', 'Inactive')]
    """
    where = transition_states(transitions, segments)
    where.cell_indices(transitions)  # refuses ids of no segment
    everywhere = {s.id: s for s in (*where.row_states, *where.to_states)}
    own = [segment.id for segment in where.segments]
    inactive = own[0]
    moved = transitions.filter(
        pl.col("from_id") != pl.col("to_id"),
        ~((pl.col("from_id") == "SILENT") & (pl.col("to_id") == inactive)),
    )
    sides = [
        moved.select(
            pl.col(mine).alias("segment_id"),
            pl.lit(direction).alias("direction"),
            "customer_id",
            pl.col(theirs).alias("other_id"),
            "since",
            "until",
        )
        for direction, mine, theirs in (
            ("entered", "to_id", "from_id"),
            ("left", "from_id", "to_id"),
        )
    ]
    ids = list(everywhere)
    names = [s.name for s in everywhere.values()]
    place = dict(zip(ids, range(len(ids)), strict=True))
    return (
        pl.concat(sides)
        .filter(pl.col("segment_id").is_in(own))
        .with_columns(
            segment=pl.col("segment_id").replace_strict(ids, names),
            other=pl.col("other_id").replace_strict(ids, names),
        )
        .sort(
            "since",
            pl.col("segment_id").replace_strict(place),
            "direction",
            pl.col("other_id").replace_strict(place),
            "customer_id",
        )
        .select(pl.col(name).cast(kind) for name, kind in CUSTOMER_LIST_SCHEMA.items())
    )
