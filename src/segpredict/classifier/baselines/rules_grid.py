"""Forecast from the named cell of the rule grid: champions, at risk and so on."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.baselines._baseline import (
    Baseline,
    Rows,
    drawn_towards,
    shares,
)
from segpredict.classifier.lesson import Floats, Ints, Lesson
from segpredict.segments import Grid, fit_grid
from segpredict.segments.grid import COLUMNS, FIFTHS, cell
from segpredict.tables import JSON

SCORES = range(1, FIFTHS + 1)
NAMES = tuple(sorted({cell(r, f) for r in SCORES for f in SCORES}))


@dataclass(frozen=True, slots=True)
class RulesGrid:
    """The class mix of each name that the rule grid gives.

    Parameters
    ----------
    grid
        The rule grid with its cut points frozen.
    table
        One row a name, in the order of `NAMES`; column: future segment.
    name
        The name in the verdict.
    """

    grid: Grid
    table: Rows
    name: str = "rules_grid"

    def predict(self, customers: pl.DataFrame) -> Floats:
        """Return the mix of each customer's name."""
        return np.array(self.table)[_named(customers, self.grid)]

    def state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "kind": self.name,
            "grid": self.grid.state(),
            "table": [list(row) for row in self.table],
        }

    @classmethod
    def from_state(cls, state: JSON) -> "RulesGrid":
        """Return the forecaster that gave a state."""
        grid = Grid.from_state(state["grid"])
        return cls(grid, tuple(map(tuple, state["table"])))


def fit(lesson: Lesson) -> RulesGrid:
    """Return the mixes of the training rows, with cut points from those rows only.

    Notes
    -----
    (n + 50 · everybody's mix) / (N + 50).
    """
    # A customer stands in several origins: rows, not people, are put into fifths.
    rows = pl.int_range(pl.len()).cast(pl.String).alias("customer_id")
    grid = fit_grid(lesson.rows.select(rows, *COLUMNS))
    usual = np.tile(shares(lesson.labels, lesson.classes), (len(NAMES), 1))
    return RulesGrid(
        grid, drawn_towards(_named(lesson.rows, grid), lesson.labels, usual)
    )


def _named(customers: pl.DataFrame, grid: Grid) -> Ints:
    places = np.array([[NAMES.index(cell(r, f)) for f in SCORES] for r in SCORES])
    scored = customers.select(r=grid.recency.score, f=grid.frequency.score)
    r, f = (scored[name].to_numpy().astype(np.int64) - 1 for name in ("r", "f"))
    return np.asarray(places[r, f], dtype=np.int64)


PART = Baseline(
    "rules_grid",
    "Customers move as others with their name in the rule grid did.",
    fit,
    RulesGrid.from_state,
    COLUMNS,
)
