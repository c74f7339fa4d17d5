"""Orders whose number says that they are cancelled.

Their negative lines are returns, on the day of the cancellation. A cancelled order with
a positive quantity contradicts itself and is left out.
"""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule


def _apply(lines: pl.DataFrame, plan: CleaningPlan) -> Outcome:
    number = pl.col("order_id")
    is_cancelled = pl.any_horizontal(
        pl.lit(value=False), *(number.str.starts_with(p) for p in plan.cancel_prefixes)
    )
    marked = lines.with_columns(
        (pl.col("is_return") | (is_cancelled & (pl.col("quantity") < 0))).alias(
            "is_return"
        )
    ).filter(~(is_cancelled & (pl.col("quantity") > 0)))
    return Outcome(marked, noted=marked.filter(is_cancelled))


PART = Rule(
    "cancellations",
    30,
    "A cancelled order: negative lines are returns, positive ones are left out.",
    _apply,
)
