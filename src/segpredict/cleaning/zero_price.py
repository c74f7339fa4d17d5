"""What costs nothing is a gift, a sample or a fix in stock, not a purchase."""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule, without


def _apply(lines: pl.DataFrame, _: CleaningPlan) -> Outcome:
    return without(lines, (pl.col("price") == 0) | (pl.col("amount") == 0))


PART = Rule("zero_price", 70, "The price is zero.", _apply)
