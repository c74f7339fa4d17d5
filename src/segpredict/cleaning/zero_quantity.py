"""A quantity of zero is no sale."""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule, without


def _apply(lines: pl.DataFrame, _: CleaningPlan) -> Outcome:
    return without(lines, pl.col("quantity") == 0)


PART = Rule("zero_quantity", 50, "The quantity is zero.", _apply)
