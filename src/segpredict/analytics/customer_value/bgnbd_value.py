"""Expected customer value by BG/NBD and Gamma-Gamma, in future windows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.classifier.models.btyd import BgNbd, GammaGamma, fit_bgnbd, fit_gamma_gamma
from segpredict.classifier.training_data import HISTORY_COLUMNS
from segpredict.core.arrays import FloatArray
from segpredict.core.types import JSON
from segpredict.errors import SupportError

CALENDAR_DAYS_PER_YEAR = 365  # days to which a yearly rate belongs


@dataclass(frozen=True, slots=True)
class ValuePeriod:
    """One future window."""

    # days after the cutoff, ``[start, end)``
    start: int
    end: int
    discount_factor: float  # present value on the cutoff of one unit of money at its end


def value_periods(horizon: int, gap: int, days: int, rate: float = 0.0) -> tuple[ValuePeriod, ...]:
    """Return the windows that fill so many days after the gap; the last may be cut short.

    The discount is (1 + rate)^(−end / 365) at a yearly rate: money counts as if it came at the end
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


def fit_purchase_model(histories: pl.DataFrame) -> PurchaseModel | None:
    """Return the models of all purchases; ``None`` without repeat purchases."""
    x, t_x, age, days, spent = (histories[n].to_numpy() for n in HISTORY_COLUMNS)
    paid = (days > 0) & (spent > 0)
    try:
        orders = fit_bgnbd(x, t_x, age).parameters_only
        spend = fit_gamma_gamma(days[paid], spent[paid] / days[paid]).parameters_only
    except SupportError:
        return None
    return PurchaseModel(orders, spend)
