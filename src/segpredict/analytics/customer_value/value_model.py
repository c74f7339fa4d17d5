"""The fitted customer value model: everything that scoring needs.

Later windows are valued by BG/NBD and Gamma-Gamma.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from segpredict.analytics.customer_value.spend_interval import SpendInterval
from segpredict.analytics.customer_value.spend_model import SpendModel, SpendSeasonality
from segpredict.classifier.models.btyd import BgNbd, GammaGamma, fit_bgnbd, fit_gamma_gamma
from segpredict.classifier.stored_state import StoredState
from segpredict.classifier.training_data import HISTORY_COLUMNS, sample_customers
from segpredict.core.arrays import FloatArray
from segpredict.core.frames import frame_of
from segpredict.core.types import JSON
from segpredict.core.window import DAYS_PER_YEAR
from segpredict.errors import SupportError

CALENDAR_DAYS_PER_YEAR = 365  # days to which a yearly rate belongs
MAX_FITTED_CUSTOMERS = 20_000  # for six parameters

FORECAST_COLUMNS = (
    *("base_value", "value_at_risk", "upside", "expected_value"),
    *("expected_value_low", "expected_value_high", "clv_year"),
)


@dataclass(frozen=True, slots=True)
class ValuePeriod:
    """One future window."""

    # days after the cutoff, ``[start, end)``
    start: int
    end: int
    discount_factor: float  # present value on the cutoff of one unit of money at its end


@dataclass(frozen=True, slots=True)
class PurchaseModel:
    """Models of purchase days and of the spend of a purchase day.

    >>> cdnow = PurchaseModel(BgNbd(0.243, 4.414, 0.793, 2.426), GammaGamma(6.25, 3.74, 15.44))
    >>> PurchaseModel.from_state(cdnow.to_state()) == cdnow
    True
    """

    order_model: BgNbd  # BG/NBD of purchase days; unit of time: days
    spend_model: GammaGamma  # Gamma-Gamma of what a purchase day brings, in currency

    def expected_value(self, histories: pl.DataFrame, ahead: Sequence[ValuePeriod]) -> FloatArray:
        """Return the discounted spend to be expected of each customer.

        E[value of a purchase day] · Σ_t (1 + d)^(−end_t / 365) · (X(end_t) − X(start_t)), X(s)
        being the closed form of the purchase days to be expected within s days (Fader, Hardie and
        Lee 2005). The discount is that of the Markov chain, so that the two methods differ by their
        expectation alone. The value is infinite where the fitted spend has no mean and the customer
        paid nothing in the last year.
        """
        x, t_x, age, days, spent = (
            histories[name].cast(pl.Float64).to_numpy() for name in HISTORY_COLUMNS
        )
        paid = (days > 0) & (spent > 0)
        bought = np.where(paid, days, 0.0)
        mean = np.where(paid, spent / np.maximum(days, 1), 0.0)
        marks = sorted({mark for each in ahead for mark in (each.start, each.end)})
        until = {
            mark: self.order_model.expected_orders(x, t_x, age, mark) if mark else np.zeros(len(x))
            for mark in marks
        }
        expected = np.zeros(len(x))
        for each in ahead:
            expected += each.discount_factor * (until[each.end] - until[each.start])
        return expected * self.spend_model.expected_spend(bought, mean)

    def to_state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        orders, spend = self.order_model.parameters(), self.spend_model.parameters()
        return {"order_model": orders, "spend_model": spend}

    @classmethod
    def from_state(cls, state: JSON) -> "PurchaseModel":
        """Return the models that gave a state."""
        return cls(BgNbd(**state["order_model"]), GammaGamma(**state["spend_model"]))


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
        empty = [None] * customers.height
        years: Any = year
        if year is not None and not (is_known := np.isfinite(year)).all():
            years = [x if known else None for x, known in zip(year.tolist(), is_known, strict=True)]
        columns = (base, found.risk, found.upside, found.expected, low, high, years)
        return frame_of(
            {n: empty if v is None else v for n, v in zip(FORECAST_COLUMNS, columns, strict=True)},
            dict.fromkeys(FORECAST_COLUMNS, pl.Float64),
        )

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


def value_periods(horizon: int, gap: int, days: int, rate: float = 0.0) -> tuple[ValuePeriod, ...]:
    """Return the windows that fill so many days after the gap; the last may be cut short.

    The discount is (1 + rate)^(−end / 365) at a yearly rate: money counts as if spent at the end
    of its window.

    >>> [(each.start, each.end) for each in value_periods(182, 7, 273)]
    [(7, 189), (189, 280)]
    >>> round(value_periods(365, 0, 365, 0.1)[0].discount_factor, 4)
    0.9091
    """
    found = []
    for start in range(gap, gap + days, horizon):
        end = min(start + horizon, gap + days)
        factor = (1 + rate) ** (-end / CALENDAR_DAYS_PER_YEAR)
        found.append(ValuePeriod(start, end, factor))
    return tuple(found)


def fit_purchase_model(histories: pl.DataFrame) -> PurchaseModel | None:
    """Return the models of all purchases; ``None`` without repeat purchases.

    Of more than `MAX_FITTED_CUSTOMERS` a sample is fitted, evenly over their ids.
    """
    histories = sample_customers(histories, MAX_FITTED_CUSTOMERS)
    x, t_x, age, days, spent = (histories[n].to_numpy() for n in HISTORY_COLUMNS)
    paid = (days > 0) & (spent > 0)
    try:
        orders = fit_bgnbd(x, t_x, age)
        spend = fit_gamma_gamma(days[paid], spent[paid] / days[paid])
    except SupportError:
        return None
    return PurchaseModel(orders, spend)
