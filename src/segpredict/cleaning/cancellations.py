"""Orders whose number says that they are cancelled.

Their negative lines are returns, on the day of the cancellation. A cancelled order with
a positive quantity contradicts itself and is left out. Where most of what looks
cancelled is sold, the sign is no mark of cancellation but part of the shop's numbers.
"""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule


def _apply(lines: pl.DataFrame, plan: CleaningPlan) -> Outcome:
    number = pl.col("order_id")
    is_cancelled = pl.any_horizontal(
        pl.lit(value=False), *(number.str.starts_with(p) for p in plan.cancel_prefixes)
    )
    looks = lines.filter(is_cancelled)
    sold = looks.filter(pl.col("quantity") > 0).height
    if sold > looks.height / 2:
        return Outcome(lines, notes=(_told(plan, sold, looks.height),))
    marked = lines.with_columns(
        (pl.col("is_return") | (is_cancelled & (pl.col("quantity") < 0))).alias(
            "is_return"
        )
    ).filter(~(is_cancelled & (pl.col("quantity") > 0)))
    return Outcome(marked, noted=marked.filter(is_cancelled))


def _told(plan: CleaningPlan, sold: int, rows: int) -> str:
    return (
        f"{sold:,} of {rows:,} rows whose order number starts with "
        f"{' or '.join(plan.cancel_prefixes)} are sales, so the sign was not taken for "
        "a mark of cancellation (cleaning.cancel_prefixes)."
    )


PART = Rule(
    "cancellations",
    30,
    "A cancelled order: negative lines are returns, positive ones are left out.",
    _apply,
)
