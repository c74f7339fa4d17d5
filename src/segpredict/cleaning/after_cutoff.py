"""Rows on or after the cutoff: the future, which nothing may see."""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule, without
from segpredict.window import day_number


def _apply(lines: pl.DataFrame, plan: CleaningPlan) -> Outcome:
    if plan.as_of is None:
        return Outcome(lines)
    return without(lines, pl.col("day") >= day_number(plan.as_of))


PART = Rule("after_cutoff", 5, "The day is the cutoff or later.", _apply)
