"""Rows that belong to nobody cannot tell anything about anybody."""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule, without


def _apply(lines: pl.DataFrame, _: CleaningPlan) -> Outcome:
    return without(lines, pl.col("customer_id").is_null())


PART = Rule("no_customer", 20, "The row names no customer.", _apply)
