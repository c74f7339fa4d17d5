"""A negative price is a correction in the books, such as a bad debt."""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule, without


def _apply(lines: pl.DataFrame, _: CleaningPlan) -> Outcome:
    return without(lines, pl.col("price") < 0)


PART = Rule("negative_price", 60, "The price is negative.", _apply)
