"""A negative quantity without the mark of a cancellation is a return all the same."""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule


def _apply(lines: pl.DataFrame, _: CleaningPlan) -> Outcome:
    is_new = (pl.col("quantity") < 0) & ~pl.col("is_return")
    marked = lines.with_columns((pl.col("is_return") | is_new).alias("is_return"))
    return Outcome(marked, noted=lines.filter(is_new))


PART = Rule(
    "negative_quantity",
    35,
    "A negative quantity without a mark of cancellation is a return.",
    _apply,
)
