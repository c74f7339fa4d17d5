"""Orders whose number says that they are cancelled.

Their negative lines are returns, on the day of the cancellation. A cancelled order with
a positive quantity contradicts itself and is left out.

The mark is believed only where half of the lines that carry it, or more, are negative:
in a shop whose every number begins with a C it marks nothing.
"""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule

PROOF = 0.5  # least share of marked lines that are negative


def _apply(lines: pl.DataFrame, plan: CleaningPlan) -> Outcome:
    number = pl.col("order_id")
    is_marked = pl.any_horizontal(
        pl.lit(value=False), *(number.str.starts_with(p) for p in plan.cancel_prefixes)
    )
    is_proven = (pl.col("quantity") < 0).filter(is_marked).mean() >= PROOF
    is_cancelled = is_marked & is_proven.fill_null(value=False)
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
