"""Customer attributes: the quarter of the first order, and the customers table."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from segpredict.core.transactions import CustomerAttribute, SideTables
from segpredict.features import family as f
from segpredict.features.engine import measures as m

_YEAR = 365.25


def _newest_values(attributes: Sequence[CustomerAttribute], _: f.Window) -> f.Columns:
    # Rows stand in order of time within a customer: the last is the newest that holds.
    return {f"given_{a.name}": pl.col(a.name).last() for a in attributes}


def _derive(attributes: Sequence[CustomerAttribute], window: f.Window) -> f.Derived:
    first = (pl.lit(window.cutoff) - pl.col("first_ago")).cast(pl.Int32)
    meaning = "Quarter of the year, 1 to 4, of the first known purchase."
    cohort = f.Feature("cohort_quarter", meaning, "quarter", 1, 4)
    found = {cohort: first.cast(pl.Date).dt.quarter()}
    for attribute in attributes:
        found |= _encoded(attribute, window)
    return found


def _encoded(attribute: CustomerAttribute, window: f.Window) -> f.Derived:
    name, what = f"who_{attribute.name}", attribute.given or attribute.name
    given = pl.col(f"given_{attribute.name}")
    if attribute.kind == "number":
        return {f.Feature(name, f"{what} as the customers table has it.", "number", None): given}
    if attribute.kind == "date":
        past = pl.when(given < window.cutoff).then(window.cutoff - given)
        return {f.Feature(f"{name}_years", f"Years since {what}.", "years"): past / _YEAR}
    text = given.cast(pl.String)  # null of any type where there is no table
    levels = {
        f.flag(column, f"Whether {what} is {level}."): text == level
        for column, level in f.level_columns(name, attribute.levels).items()
    }
    other = f.flag(f"{name}_{f.OTHER_LEVEL}", f"Whether {what} is something not seen in training.")
    return {**levels, other: ~text.is_in(list(attribute.levels))}


def _fitted(side_tables: SideTables) -> f.FeatureFamily:
    attributes = side_tables.attributes
    return f.FeatureFamily(
        name="demographics",
        derive=partial(_derive, attributes),
        measures=lambda _: {"first_ago": m.days_since_first()},
        side_columns={"people": partial(_newest_values, attributes)} if attributes else {},
        is_default=False,
        fitted=_fitted,
    )


PART = _fitted(SideTables())
