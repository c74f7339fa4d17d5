"""Rows from before the day on which the plan begins."""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule, without
from segpredict.window import day_number


def _apply(lines: pl.DataFrame, plan: CleaningPlan) -> Outcome:
    if plan.first is None:
        return Outcome(lines)
    return without(lines, pl.col("day") < day_number(plan.first))


PART = Rule("before_first", 4, "The day lies before the first day asked for.", _apply)
