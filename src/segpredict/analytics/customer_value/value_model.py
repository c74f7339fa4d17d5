"""The fitted customer value model: everything that scoring needs."""

from dataclasses import dataclass

import polars as pl

from segpredict.analytics.customer_value.bgnbd_value import (
    PurchaseModel,
    ValuePeriod,
    value_periods,
)
from segpredict.analytics.customer_value.spend_interval import SpendInterval
from segpredict.analytics.customer_value.spend_model import SpendModel, SpendSeasonality
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import HISTORY_COLUMNS
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON
from segpredict.core.window import DAYS_PER_YEAR

FORECAST_COLUMNS = (
    *("base_value", "value_at_risk", "upside", "expected_value"),
    *("expected_value_low", "expected_value_high", "clv_year"),
)


@dataclass(frozen=True)
class ValueModel(StoredState):
    """Expected spend of the next window by the forecast of segments, and of the year after it.

    >>> import numpy as np
    >>> spend = SpendModel(((), ()), ((1.0,), (0.25,)), ((0.0,), (5.0,)), ((0.0,), (0.5,)))
    >>> model = ValueModel(spend, SpendSeasonality(91), None, None, 91, 0, 0.0)
    >>> rows = pl.DataFrame({"customer_id": ["a"], "base_value": [40.0]})
    >>> model.value_columns(rows, np.array([[0.5, 0.5]]), 0).row(0)[:4]
    (40.0, 25.0, 12.5, 27.5)
    """

    spend_model: SpendModel
    seasonality: SpendSeasonality
    interval: SpendInterval | None  # ``None`` where too few backtests are known
    purchase_model: PurchaseModel | None  # for later windows; ``None`` where it cannot be fitted
    # days of a window, and between the cutoff and the first one
    horizon: int
    gap: int
    discount_rate: float  # yearly rate of `clv_year`

    def value_columns(
        self, customers: pl.DataFrame, probabilities: FloatArray, cutoff: int
    ) -> pl.DataFrame:
        """Return `FORECAST_COLUMNS`, one row a customer, in currency.

        `customers` holds ``base_value`` and the features; without `HISTORY_COLUMNS` among them
        ``clv_year`` is null.
        """
        base = customers["base_value"].to_numpy()
        season = self.seasonality.factor_at(cutoff)
        found = self.spend_model.forecast(base, probabilities, season)
        low, high = (None, None) if self.interval is None else self.interval.bounds(found.expected)
        ahead = value_periods(self.horizon, self.gap, DAYS_PER_YEAR, self.discount_rate)
        year = self.lifetime_value(customers, found.expected, ahead)
        columns = (base, found.risk, found.upside, found.expected, low, high, year)
        empty = [None] * customers.height
        return pl.DataFrame(
            {
                name: pl.Series(empty if values is None else values, dtype=pl.Float64)
                for name, values in zip(FORECAST_COLUMNS, columns, strict=True)
            }
        ).with_columns(pl.when(pl.col("clv_year").is_finite()).then("clv_year").alias("clv_year"))

    def lifetime_value(
        self, customers: pl.DataFrame, expected: FloatArray, ahead: tuple[ValuePeriod, ...]
    ) -> FloatArray | None:
        """Return the spend of future windows: the next by the forecast, later ones by BG/NBD.

        ``None`` where there are later ones, and BG/NBD is not known.
        """
        # The next window is cut short where a year is shorter.
        share = (ahead[0].end - ahead[0].start) / self.horizon
        next_window = share * ahead[0].discount_factor * expected
        if len(ahead) == 1:
            return next_window
        if self.purchase_model is None or not set(HISTORY_COLUMNS) <= set(customers.columns):
            return None
        return next_window + self.purchase_model.expected_value(customers, ahead[1:])

    @classmethod
    def from_state(cls, state: JSON) -> "ValueModel":
        """Return the value model of a state."""
        interval, purchases = state["interval"], state["purchase_model"]
        return cls(
            SpendModel.from_state(state["spend_model"]),
            SpendSeasonality.from_state(state["seasonality"]),
            interval and SpendInterval.from_state(interval),
            purchases and PurchaseModel.from_state(purchases),
            *(state[name] for name in ("horizon", "gap", "discount_rate")),
        )
