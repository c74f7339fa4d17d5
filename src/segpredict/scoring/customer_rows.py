"""What a score is made of: features, states and past spend of each customer, in one pass."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from segpredict import features
from segpredict.analytics.customer_value.base_value import base_amounts
from segpredict.core.arrays import IndexArray
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window, as_date
from segpredict.errors import MismatchError
from segpredict.features.family import FeatureFamily
from segpredict.segmentation.model import Segmentation


@dataclass(frozen=True, slots=True)
class ScoringRows:
    """Customers as of one cutoff."""

    window: Window
    # all customers with an order before the cutoff, sorted: ``customer_id``, ``spent_to_date`` (in
    # currency, less returns), and ``segment``, the code of the one in force without an order
    customers: pl.DataFrame
    # the eligible ones, sorted: ``customer_id``, ``cutoff``, the states, the features, and
    # ``base_value`` (`analytics.customer_value.base_values`)
    eligible: pl.DataFrame
    currency: str = ""  # of the shop

    @property
    def as_of(self) -> date:
        """The cutoff as a date."""
        return as_date(self.window.cutoff)


def require_customers(customers: pl.DataFrame, window: Window) -> None:
    """Raise `MismatchError` where there is no customer before the cutoff."""
    if customers.height == 0:
        raise MismatchError(
            f"No customer has an order before {as_date(window.cutoff)}.",
            fix="give a later --as-of, or data that reach further back.",
        )


def customer_rows(
    shop: Transactions,
    segmentation: Segmentation,
    window: Window,
    families: tuple[FeatureFamily, ...],
) -> ScoringRows:
    """Return the customers of a shop as of a cutoff, with features and states as in training."""
    cutoff, before = window.cutoff, window.cutoff - window.horizon
    spans = (
        (before - window.horizon, before),
        (before, cutoff),
        (cutoff - window.lookback, cutoff),
        (min(shop.first_day, cutoff - 1), cutoff),
    )
    extra = segmentation.extra_inputs
    table, (earlier, now, lately, ever) = features.measure_window(
        shop, window, families, spans, (*extra, "age")
    )
    assigner = segmentation.for_shop(shop)
    ids = table.frame["customer_id"]
    states = {
        "state_now": _states_of(ids, assigner.segments_at(cutoff, now)),
        "state_before": _states_of(ids, assigner.segments_at(before, earlier)),
    }
    # The look-back has the eligible customers, each of whom has ever bought.
    age = ever["age"].to_numpy()[aligned(ever["customer_id"], ids)]
    base = base_amounts(lately["spend"].to_numpy(), age, window)
    head = [
        ids,
        pl.Series("cutoff", np.full(len(ids), cutoff, dtype=np.int32)),
        *(pl.Series(name, codes) for name, codes in states.items()),
    ]
    eligible = pl.DataFrame([*head, *table.frame.get_columns()[1:], pl.Series("base_value", base)])
    # NumPy divides each number by itself; Polars multiplies many by the reciprocal.
    spent = pl.Series("spent_to_date", ever["spend"].to_numpy() / MONEY_SCALE)
    held = assigner.in_force_at(cutoff)
    in_force = pl.Series("segment", _states_of(ever["customer_id"], held))
    customers = pl.DataFrame([ever["customer_id"], spent, in_force])
    return ScoringRows(window, customers, eligible, shop.currency)


def aligned(known: pl.Series, wanted: pl.Series) -> IndexArray:
    """Return the place of each wanted id among the known ones, -1 where it is not there.

    >>> aligned(pl.Series("customer_id", ["a", "c"]), pl.Series("customer_id", ["c", "b"])).tolist()
    [1, -1]
    """
    if known.equals(wanted):
        return np.arange(len(known))
    if known.is_empty():
        return np.full(len(wanted), -1)
    numbered = known.to_frame("id").with_row_index("place")
    joined = wanted.to_frame("id").join(numbered, on="id", how="left", maintain_order="left")
    return joined["place"].cast(pl.Int64).fill_null(-1).to_numpy()


def _states_of(ids: pl.Series, states: pl.DataFrame) -> NDArray[np.int8]:
    """Return the codes of customers; those that are not among the states are INACTIVE."""
    codes = np.append(states["segment"].to_numpy(), INACTIVE_CODE)
    return codes[aligned(states["customer_id"], ids)].astype(np.int8)
