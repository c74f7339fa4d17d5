"""Forecast from the named cell of the rule grid: champions, at risk and so on."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.baselines import _baseline
from segpredict.classifier.stored_state import StoredState, as_tuples
from segpredict.classifier.training_data import TrainingData
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.types import JSON
from segpredict.segmentation import RuleGrid, fit_rule_grid
from segpredict.segmentation.rule_grid import GRID_COLUMNS, N_FIFTHS, cell_name

SCORE_VALUES = range(1, N_FIFTHS + 1)
CELL_NAMES = tuple(sorted({cell_name(r, f) for r in SCORE_VALUES for f in SCORE_VALUES}))


@dataclass(frozen=True, slots=True)
class RuleGridModel(StoredState):
    """The class mix of each name that the rule grid gives."""

    grid: RuleGrid  # the rule grid with its cut points frozen
    cell_probabilities: (
        _baseline.Rows
    )  # one row a name, in the order of `CELL_NAMES`; column: future segment
    name: str = "rules_grid"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the mix of each customer's name."""
        return np.array(self.cell_probabilities)[_named(customers, self.grid)]

    @classmethod
    def from_state(cls, state: JSON) -> "RuleGridModel":
        """Return the model from its state."""
        return cls(RuleGrid.from_state(state["grid"]), as_tuples(state["cell_probabilities"]))


def fit(training_data: TrainingData) -> RuleGridModel:
    """Return the mixes of the training rows, (n + 50 · overall mix) / (N + 50) for each name."""
    # A customer stands in several origins: rows, not people, are put into fifths.
    rows = pl.int_range(pl.len()).cast(pl.String).alias("customer_id")
    grid = fit_rule_grid(training_data.rows.select(rows, *GRID_COLUMNS))
    mix = _baseline.smoothed_shares(training_data.labels, training_data.n_classes)
    cells, usual = _named(training_data.rows, grid), np.tile(mix, (len(CELL_NAMES), 1))
    return RuleGridModel(grid, _baseline.shrunk_shares(cells, training_data.labels, usual))


def _named(customers: pl.DataFrame, grid: RuleGrid) -> IntArray:
    places = np.array(
        [[CELL_NAMES.index(cell_name(r, f)) for f in SCORE_VALUES] for r in SCORE_VALUES]
    )
    scored = customers.select(r=grid.recency.score_expression, f=grid.frequency.score_expression)
    r, f = (scored[name].to_numpy().astype(np.int64) - 1 for name in ("r", "f"))
    return np.asarray(places[r, f], dtype=np.int64)


PART = _baseline.Baseline(
    "rules_grid",
    "Customers move as others with their name in the rule grid did.",
    fit,
    RuleGridModel.from_state,
    GRID_COLUMNS,
    is_usual=False,
)
