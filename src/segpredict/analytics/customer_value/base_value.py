"""The base value of a customer: what she would spend in a window if her rhythm held."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from segpredict import features
from segpredict.core.arrays import FloatArray, IntArray
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window


def base_values(transactions: Transactions, windows: Sequence[Window]) -> pl.DataFrame:
    """Return the base value of every customer with an order in the look-back of a window.

    ``customer_id``, ``cutoff`` and ``base_value``: spend of the look-back, less returns and never
    below zero, times horizon over the days observed, in currency. A customer is observed from her
    first order on, for one horizon at least: the first order of a new customer says what she may
    spend in a window, and no more. Only what was known on the day is used.
    """
    spent = features.clustering_inputs(
        transactions, [(w.cutoff - w.lookback, w.cutoff) for w in windows]
    )
    orders = transactions.order_days()
    return pl.concat(_of_window(spent, orders, window) for window in windows)


def _of_window(spent: pl.DataFrame, orders: Transactions, window: Window) -> pl.DataFrame:
    cutoff = window.cutoff
    known = orders.known_at(cutoff).group_by("customer_id").agg(first_day=pl.col("day").min())
    first = known.collect()
    rows = spent.filter(end=cutoff).join(first, on="customer_id", how="left", maintain_order="left")
    base = base_amounts(rows["spend"].to_numpy(), cutoff - rows["first_day"].to_numpy(), window)
    return rows.select("customer_id", pl.lit(cutoff, pl.Int32).alias("cutoff")).with_columns(
        pl.Series("base_value", base)
    )


def base_amounts(spend: IntArray, age: IntArray, window: Window) -> FloatArray:
    """Return the base values of customers by their spend of the look-back and their age in days.

    >>> base_amounts(np.array([3_640_000]), np.array([400]), Window(500)).tolist()
    [91.0]
    """
    days = np.clip(age, window.horizon, window.lookback)
    paid = np.maximum(spend, 0) / MONEY_SCALE
    return np.asarray(paid * (window.horizon / days), dtype=np.float64)
