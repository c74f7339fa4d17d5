"""Returns of more than the data have sold: their sale lies before the file, or nowhere.

They stay, and their money counts against the customer on their day. For each customer
and product, sales add to what can come back and returns take from it; a return that
finds less than it brings back is unmatched, wholly or in part.
"""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule

ITEM = ("customer_id", "product_id")


def _apply(lines: pl.DataFrame, _: CleaningPlan) -> Outcome:
    wanted = lines.filter("is_return").select(ITEM).unique()
    if wanted.is_empty():
        return Outcome(lines)
    moved = lines.join(wanted, on=list(ITEM), how="semi", nulls_equal=True).sort(
        *ITEM, "day", "minute", "is_return", "order_id", "quantity", "amount"
    )
    size = pl.when("is_return").then(-pl.col("quantity").abs()).otherwise("quantity")
    short = (-size.cum_sum().cum_min()).clip(lower_bound=0)
    walked = moved.with_columns(short=short.over(ITEM)).with_columns(
        missing=pl.col("short") - pl.col("short").shift(1).over(ITEM).fill_null(0)
    )
    unmatched = walked.filter(pl.col("is_return") & (pl.col("missing") > 0))
    return Outcome(lines, noted=unmatched.select(lines.columns), notes=_told(unmatched))


def _told(unmatched: pl.DataFrame) -> tuple[str, ...]:
    if unmatched.is_empty():
        return ()
    partly = unmatched.filter(pl.col("missing") < pl.col("quantity").abs()).height
    return (
        f"Returns of more than the customer had bought before: {unmatched.height:,}, "
        f"{partly:,} of them in part. Their sale lies before the first day, or after "
        "the return; they count on their own day.",
    )


PART = Rule(
    "unmatched_returns",
    95,
    "A return of more than the customer had bought so far; it stays.",
    _apply,
)
