"""Forecast from the transitions of the same season in earlier years."""

from dataclasses import dataclass

import polars as pl

from segpredict.classifier.models.baselines._baseline import Baseline
from segpredict.classifier.models.baselines.markov import MarkovChain
from segpredict.classifier.models.baselines.markov import fit as fit_markov
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import TrainingData
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON
from segpredict.core.window import DAYS_PER_YEAR, as_date


@dataclass(frozen=True, slots=True)
class SeasonalMarkovChain(StoredState):
    """A transition matrix of one season."""

    # transitions at the origins of the season, or at all origins where there is none
    transition_matrix: MarkovChain
    # cutoffs of the season; empty where the matrix is that of all origins
    season_origins: tuple[int, ...]
    name: str = "markov_season"  # the name in the evaluation

    def predict_proba(self, customers: pl.DataFrame) -> FloatArray:
        """Return the row of each customer's current segment."""
        return self.transition_matrix.predict_proba(customers)

    @classmethod
    def from_state(cls, state: JSON) -> "SeasonalMarkovChain":
        """Return the model from its state."""
        chain = MarkovChain.from_state(state["transition_matrix"])
        return cls(chain, tuple(state["season_origins"]))


def fit(training_data: TrainingData) -> SeasonalMarkovChain:
    """Return the matrix of the training origins of the same season.

    Their outcome lies, whole years earlier, on at least half of the days to predict.
    """
    origins = same_season_origins(training_data)
    known = training_data.at_cutoffs(origins) if origins else training_data
    return SeasonalMarkovChain(fit_markov(known), origins)


def same_season_origins(training_data: TrainingData) -> tuple[int, ...]:
    """Return the training origins whose outcome is in the season to predict."""
    if training_data.history is None:
        return ()
    half, cutoff = training_data.history.horizon / 2, training_data.history.cutoff
    cutoffs = training_data.rows["cutoff"].unique().sort().to_list()
    return tuple(day for day in cutoffs if _apart(cutoff - day) <= half)


def _apart(days: int) -> int:
    """Return how far a span is from whole years, of which there is at least one."""
    years = max(1, round(days / DAYS_PER_YEAR))
    return abs(days - years * DAYS_PER_YEAR)


def season_note(training_data: TrainingData) -> str:
    """Return a note where no training origin is of the season."""
    if training_data.history is None or same_season_origins(training_data):
        return ""
    return (
        f"markov_season on {as_date(training_data.history.cutoff)}: no training origin has its "
        "outcome in the same season of an earlier year, so it is the plain Markov chain there."
    )


PART = Baseline(
    "markov_season",
    "Customers move as others in their segment moved in the same season before.",
    fit,
    SeasonalMarkovChain.from_state,
    missing_note=season_note,
)
