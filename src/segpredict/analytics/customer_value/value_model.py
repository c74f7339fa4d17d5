"""The fitted customer value model: everything that scoring needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.analytics.customer_value.bgnbd_value import PurchaseModel
from segpredict.analytics.customer_value.exposure import expected_segment_value
from segpredict.analytics.customer_value.markov_value import markov_values
from segpredict.analytics.customer_value.periods import ValuePeriod, value_periods
from segpredict.analytics.customer_value.seasonality import SpendSeasonality
from segpredict.classifier.training_data import HISTORY_COLUMNS
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON
from segpredict.core.window import DAYS_PER_YEAR

CLV_COLUMNS = ("clv_next_markov", "clv_next_bgnbd", "clv_year_markov", "clv_year_bgnbd")


@dataclass(frozen=True)
class ValueModel:
    """Mean spend of segments, their transitions, and the purchase models.

    Examples
    --------
    >>> chain = ((1.0, 0.0), (0.5, 0.5))
    >>> model = ValueModel((0.0, 10.0), chain, SpendSeasonality(91), None, 91, 0, 0.0)
    >>> model.markov_values(np.array([[0.0, 1.0]]), 0, model.future_periods(182)).tolist()
    [15.0]
    """

    # mean spend in a window by segment, in code order, in currency
    segment_values: tuple[float, ...]
    # row: current segment; column: the next; rows add up to one
    transition_matrix: tuple[tuple[float, ...], ...]
    seasonality: SpendSeasonality  # seasonal factor on spend, where it is proven
    # BG/NBD with Gamma-Gamma; ``None`` where they cannot be fitted
    purchase_model: PurchaseModel | None
    # days of a window, and between the cutoff and the first one
    horizon: int
    gap: int
    discount_rate: float  # yearly rate

    def segment_values_at(self, cutoff: int) -> tuple[float, ...]:
        """Return the mean spend by segment in the window after a cutoff."""
        factor = self.seasonality.factor_at(cutoff)
        return tuple(value * factor for value in self.segment_values)

    def future_periods(self, days: int) -> tuple[ValuePeriod, ...]:
        """Return the windows of the next days."""
        return value_periods(self.horizon, self.gap, days, self.discount_rate)

    def markov_values(
        self, probabilities: FloatArray, cutoff: int, ahead: Sequence[ValuePeriod]
    ) -> FloatArray:
        """Return the value of each customer over future windows, by the Markov chain.

        Parameters
        ----------
        probabilities, cutoff, ahead
            Probability of each next segment, the day of the forecast, and the windows.
        """
        seasons = [self.seasonality.factor_at(cutoff + each.start - self.gap) for each in ahead]
        weights = markov_values(
            np.array(self.transition_matrix), self.segment_values, ahead, seasons
        )
        return expected_segment_value(probabilities, weights.tolist())

    def clv_columns(
        self, rows: pl.DataFrame, probabilities: FloatArray, cutoff: int
    ) -> pl.DataFrame:
        """Return `CLV_COLUMNS`, one row a customer, in currency.

        Parameters
        ----------
        rows
            The customers' features; without `HISTORY_COLUMNS` among them the BG/NBD
            columns are null.
        probabilities, cutoff
            Probability of each next segment, row by row, and the day of the forecast.
        """
        model = self.purchase_model if set(HISTORY_COLUMNS) <= set(rows.columns) else None
        columns: dict[str, pl.Series] = {}
        for name, days in (("next", self.horizon), ("year", DAYS_PER_YEAR)):
            ahead = self.future_periods(days)
            markov = self.markov_values(probabilities, cutoff, ahead)
            bought = [None] * rows.height if model is None else model.expected_value(rows, ahead)
            series = pl.Series(bought, dtype=pl.Float64)
            columns[f"clv_{name}_markov"] = pl.Series(markov)
            columns[f"clv_{name}_bgnbd"] = series.set(~series.is_finite(), None)
        return pl.DataFrame({name: columns[name] for name in CLV_COLUMNS})

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {
            "segment_values": list(self.segment_values),
            "transition_matrix": [list(row) for row in self.transition_matrix],
            "seasonality": self.seasonality.to_state(),
            "purchase_model": self.purchase_model and self.purchase_model.to_state(),
            "horizon": self.horizon,
            "difference": self.gap,
            "discount_rate": self.discount_rate,
        }

    @classmethod
    def from_state(cls, state: JSON) -> "ValueModel":
        """Return the value model of a state."""
        purchase_state = state["purchase_model"]
        return cls(
            tuple(state["segment_values"]),
            tuple(tuple(row) for row in state["transition_matrix"]),
            SpendSeasonality.from_state(state["seasonality"]),
            purchase_state and PurchaseModel.from_state(purchase_state),
            *(state[name] for name in ("horizon", "difference", "discount_rate")),
        )
