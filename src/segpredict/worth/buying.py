"""What BG/NBD and Gamma-Gamma expect of each customer, window by window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segpredict.btyd import BgNbd, GammaGamma, fit_bgnbd, fit_gamma_gamma
from segpredict.classifier.lesson import HISTORY
from segpredict.core.arrays import Floats
from segpredict.errors import SupportError
from segpredict.tables import JSON
from segpredict.worth.periods import Period


@dataclass(frozen=True, slots=True)
class Buying:
    """When people buy, and for how much.

    Parameters
    ----------
    orders
        BG/NBD of purchase days; unit of time: days.
    spend
        Gamma-Gamma of what a purchase day brings, in currency.
    """

    orders: BgNbd
    spend: GammaGamma

    def worth(self, histories: pl.DataFrame, ahead: Sequence[Period]) -> Floats:
        """Return the discounted spend to be expected of each customer.

        Parameters
        ----------
        histories
            `HISTORY`, one row a customer.
        ahead
            The windows to come.

        Notes
        -----
        E[value of a purchase day] · Σ_t (1 + d)^(−end_t / 365) · (X(end_t) −
        X(start_t)), X(s) being the closed form of the purchase days to be expected
        within s days (Fader, Hardie and Lee 2005). The discount is that of the chain,
        so that the two differ by what they expect and by nothing else. The value is
        infinite where the fitted spend has no mean and the customer paid nothing in the
        last year.
        """
        x, t_x, age, days, spent = (
            histories[name].cast(pl.Float64).to_numpy() for name in HISTORY
        )
        paid = (days > 0) & (spent > 0)
        bought = np.where(paid, days, 0.0)
        mean = np.where(paid, spent / np.maximum(days, 1), 0.0)
        marks = sorted({mark for each in ahead for mark in (each.start, each.end)})
        until = {
            mark: self.orders.expected_orders(x, t_x, age, mark)
            if mark
            else np.zeros(len(x))
            for mark in marks
        }
        expected = np.zeros(len(x))
        for each in ahead:
            expected += each.discount * (until[each.end] - until[each.start])
        return expected * self.spend.expected_spend(bought, mean)

    def state(self) -> JSON:
        """Return all that `from_state` needs, as JSON."""
        return {"orders": self.orders.parameters(), "spend": self.spend.parameters()}

    @classmethod
    def from_state(cls, state: JSON) -> "Buying":
        """Return the models that gave a state."""
        return cls(BgNbd(**state["orders"]), GammaGamma(**state["spend"]))


def fit(histories: pl.DataFrame) -> Buying | None:
    """Return the models of everybody's purchases; ``None`` where nobody came back.

    Parameters
    ----------
    histories
        `HISTORY` of everybody who ever bought, also of those who fell silent.
    """
    x, t_x, age, days, spent = (histories[n].to_numpy() for n in HISTORY)
    paid = (days > 0) & (spent > 0)
    try:
        orders = fit_bgnbd(x, t_x, age).plain
        spend = fit_gamma_gamma(days[paid], spent[paid] / days[paid]).plain
    except SupportError:
        return None
    return Buying(orders, spend)
