"""States of a transition: the segments, and new, lapsed and erased customers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray
from segpredict.core.segment import Segment
from segpredict.errors import SchemaError

NEW_STATE = Segment(-1, "NEW", "New")
LAPSED_STATE = Segment(-2, "LAPSED", "Lapsed")
ERASED_STATE = Segment(-3, "ERASED", "Erased")

TRANSITIONS_SCHEMA = {
    "customer_id": pl.String,
    **dict.fromkeys(("since", "until"), pl.Date),
    **dict.fromkeys(("previous_id", "from_id", "to_id"), pl.String),
}


@dataclass(frozen=True, slots=True)
class TransitionStates:
    """Rows and columns of a transition matrix.

    NEW is never a column, since nobody becomes new again. ERASED is a customer without any
    remaining order (all refunded, or the id erased); it is a column where it occurs, and
    never a row.
    """

    # all segments in code order, INACTIVE first: rows and columns alike
    segments: tuple[Segment, ...]
    from_states: tuple[Segment, ...] = ()  # further rows: `NEW_STATE`, `LAPSED_STATE`
    to_states: tuple[Segment, ...] = ()  # further columns: `ERASED_STATE`

    @property
    def row_states(self) -> tuple[Segment, ...]:
        """Start states."""
        return (*self.segments, *self.from_states)

    @property
    def column_states(self) -> tuple[Segment, ...]:
        """End states."""
        return (*self.segments, *self.to_states)

    @property
    def n_segments(self) -> int:
        """Number of segments: the size of the square part of the matrix."""
        return len(self.segments)

    def cell_indices(self, transitions: pl.DataFrame) -> pl.Series:
        """Return the cell number of each transition, counted along rows."""
        width = len(self.column_states)
        sides = (("from_id", self.row_states), ("to_id", self.column_states))
        failures = [
            f"{name} has ids of no segment: {sorted(unknown, key=str)}"
            for name, known in sides
            if (unknown := set(transitions[name].unique().to_list()) - {s.id for s in known})
        ]
        if failures:
            raise SchemaError("transitions", failures)
        positions = {name: {s.id: i for i, s in enumerate(known)} for name, known in sides}
        row, column = (
            transitions[name].replace_strict(codes, return_dtype=pl.Int64)
            for name, codes in positions.items()
        )
        return (row * width + column).alias("cell")

    def count_matrix(self, transitions: pl.DataFrame) -> FloatArray:
        """Return how many customers went from each row to each column."""
        shape = len(self.row_states), len(self.column_states)
        cells = self.cell_indices(transitions).to_numpy()
        return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)

    def cell_labels(self) -> pl.DataFrame:
        """Return one row a cell: from and to, id and name."""
        schema = dict.fromkeys(("from_id", "from_name", "to_id", "to_name"), pl.String)
        pairs = [(a.id, a.name, b.id, b.name) for a in self.row_states for b in self.column_states]
        return pl.DataFrame(pairs, schema, orient="row")


def transition_states(transitions: pl.DataFrame, segments: Sequence[Segment]) -> TransitionStates:
    """Return the rows and columns that these transitions need."""
    known = tuple(sorted(segments, key=lambda segment: segment.code))
    starts = tuple(s for s in (NEW_STATE, LAPSED_STATE) if (transitions["from_id"] == s.id).any())
    ends = (ERASED_STATE,) if (transitions["to_id"] == ERASED_STATE.id).any() else ()
    return TransitionStates(known, starts, ends)
