"""Rows that stand in several files because the files overlap.

A row that stands k times in one file was bought k times and is kept k times. Among
files the largest k counts, not the sum: the same days were merely exported twice.
"""

import polars as pl

from segpredict.cleaning._plan import CleaningPlan
from segpredict.cleaning._rule import Outcome, Rule

CONTENT = (
    *("customer_id", "order_id", "product_id", "day", "minute"),
    *("quantity", "price", "amount", "country"),
)


def _apply(lines: pl.DataFrame, _: CleaningPlan) -> Outcome:
    if lines["file"].n_unique() < 2:
        return Outcome(lines)
    days = lines.group_by("day").agg(pl.col("file").n_unique())
    shared = days.filter(pl.col("file") > 1).select("day")
    inside = lines.join(shared, on="day", how="semi")
    outside = lines.join(shared, on="day", how="anti")
    nth = pl.int_range(pl.len()).over("file", *CONTENT)
    kept = inside.sort("file", "row").with_columns(nth.alias("nth"))
    once = kept.unique([*CONTENT, "nth"], keep="first", maintain_order=True)
    return Outcome(pl.concat([outside, once.drop("nth")]))


PART = Rule("duplicates", 10, "The row stands in another file as well.", _apply)
