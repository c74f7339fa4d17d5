"""Orders whose status says that no sale came of them, such as failed payments.

A status may stand on the first line of an order only, so it holds for all of them.
"""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule
from segpredict.core.orders import KEY


def _apply(lines: pl.DataFrame, plan: CleaningPlan) -> Outcome:
    named = [status.casefold() for status in plan.void_statuses]
    is_void = pl.col("status").str.to_lowercase().is_in(named)
    orders = lines.filter(is_void).select(KEY).unique()
    if orders.is_empty():
        return Outcome(lines)
    return Outcome(lines.join(orders, on=list(KEY), how="anti", nulls_equal=True))


PART = Rule("void_status", 25, "The status of the order says that it is void.", _apply)
