"""Where a customer can come from and go to: the segments, and three places beside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.core.arrays import FloatArray
from segpredict.core.segment import Segment
from segpredict.errors import SchemaError

NEW_STATE = Segment(-1, "NEW", "New")
LAPSED_STATE = Segment(-2, "SILENT", "Silent for long")
ERASED_STATE = Segment(-3, "GONE", "No customer any more")

TRANSITIONS_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "since": pl.Date,
        "until": pl.Date,
        "before_id": pl.String,
        "from_id": pl.String,
        "to_id": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class TransitionStates:
    """The rows and columns of a table of moves.

    Parameters
    ----------
    segments
        All segments in code order, INACTIVE first: rows and columns alike.
    from_states
        Further rows: `NEW_STATE`, `LAPSED_STATE`.
    to_states
        Further columns: `ERASED_STATE`.

    Notes
    -----
    NEW is nobody's end: who has bought once can never again not have bought. What
    comes nearest is GONE, a customer of whom no order is left (all refunded, or the id
    erased); it is a column where it occurs, and never a row.
    """

    segments: tuple[Segment, ...]
    from_states: tuple[Segment, ...] = ()
    to_states: tuple[Segment, ...] = ()

    @property
    def row_states(self) -> tuple[Segment, ...]:
        """Where moves begin."""
        return (*self.segments, *self.from_states)

    @property
    def column_states(self) -> tuple[Segment, ...]:
        """Where moves end."""
        return (*self.segments, *self.to_states)

    @property
    def n_segments(self) -> int:
        """Number of segments: the square part that a chain of moves runs through."""
        return len(self.segments)

    def cell_indices(self, transitions: pl.DataFrame) -> pl.Series:
        """Return the place of each move in the table, counted along its rows.

        Raises
        ------
        TableError
            When a move starts or ends at no place of the table.
        """
        width = len(self.column_states)
        sides = (("from_id", self.row_states), ("to_id", self.column_states))
        failures = [
            f"{name} has ids of no segment: {sorted(unknown, key=str)}"
            for name, known in sides
            if (unknown := set(transitions[name].unique().to_list()) - {s.id for s in known})
        ]
        if failures:
            raise SchemaError("moves", failures)
        row, column = (
            transitions[name].replace_strict(
                [s.id for s in known], range(len(known)), return_dtype=pl.Int64
            )
            for name, known in sides
        )
        return (row * width + column).alias("cell")

    def count_matrix(self, transitions: pl.DataFrame) -> FloatArray:
        """Return how many customers went from each row to each column."""
        shape = len(self.row_states), len(self.column_states)
        found = np.bincount(
            self.cell_indices(transitions).to_numpy(), minlength=shape[0] * shape[1]
        )
        return found.reshape(shape).astype(np.float64)

    def cell_labels(self) -> pl.DataFrame:
        """Return one row a cell: from and to, id and name."""
        names = ["from_id", "from_name", "to_id", "to_name"]
        return pl.DataFrame(
            [(a.id, a.name, b.id, b.name) for a in self.row_states for b in self.column_states],
            schema=dict.fromkeys(names, pl.String),
            orient="row",
        )


def transition_states(transitions: pl.DataFrame, segments: Sequence[Segment]) -> TransitionStates:
    """Return the rows and columns that these moves need.

    Parameters
    ----------
    transitions
        ``from_id`` and ``to_id``.
    segments
        All segments; they are rows and columns whether or not anybody is there.
    """
    known = tuple(sorted(segments, key=lambda segment: segment.code))
    starts = tuple(s for s in (NEW_STATE, LAPSED_STATE) if (transitions["from_id"] == s.id).any())
    ends = (ERASED_STATE,) if (transitions["to_id"] == ERASED_STATE.id).any() else ()
    return TransitionStates(known, starts, ends)
