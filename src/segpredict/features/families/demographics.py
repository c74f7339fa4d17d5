"""Customer attributes: the quarter of the first order, and the customers table."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.transactions import CustomerAttribute, SideTables
from segpredict.core.window import Window
from segpredict.features.engine import measures as m
from segpredict.features.family import (
    OTHER_LEVEL,
    Columns,
    FeatureFamily,
    Measures,
    flag,
    level_columns,
)

_YEAR = 365.25


def _measures(_: Window) -> Measures:
    return {"first_ago": m.days_since_first()}


def _newest_values(attributes: Sequence[CustomerAttribute], _: Window) -> Columns:
    # Rows stand in order of time within a customer: the last is the newest that holds.
    return {f"given_{a.name}": pl.col(a.name).last() for a in attributes}


def _derive(attributes: Sequence[CustomerAttribute], window: Window) -> Columns:
    first = (pl.lit(window.cutoff) - pl.col("first_ago")).cast(pl.Int32)
    found = {"cohort_quarter": first.cast(pl.Date).dt.quarter()}
    for attribute in attributes:
        found |= _encoded(attribute, window)
    return found


def _encoded(attribute: CustomerAttribute, window: Window) -> Columns:
    given = pl.col(f"given_{attribute.name}")
    if attribute.kind == "number":
        return {f"who_{attribute.name}": given}
    if attribute.kind == "date":
        past = pl.when(given < window.cutoff).then(window.cutoff - given)
        return {f"who_{attribute.name}_years": past / _YEAR}
    text = given.cast(pl.String)  # null of any type where there is no table
    flags = {name: text == level for name, level in _named(attribute).items()}
    return {**flags, f"who_{attribute.name}_{OTHER_LEVEL}": ~text.is_in(list(attribute.levels))}


def _named(attribute: CustomerAttribute) -> dict[str, str]:
    return level_columns(f"who_{attribute.name}", attribute.levels)


def _declared(attribute: CustomerAttribute) -> list[Feature]:
    name, given = f"who_{attribute.name}", attribute.given or attribute.name
    if attribute.kind == "number":
        return [Feature(name, f"{given} as the customers table has it.", "number", None)]
    if attribute.kind == "date":
        return [Feature(f"{name}_years", f"Years since {given}.", "years")]
    levels = [
        flag(column, f"Whether {given} is {level}.") for column, level in _named(attribute).items()
    ]
    other = flag(f"{name}_{OTHER_LEVEL}", f"Whether {given} is something not seen in training.")
    return [*levels, other]


def _fitted(side_tables: SideTables) -> FeatureFamily:
    attributes = side_tables.attributes
    meaning = "Quarter of the year, 1 to 4, of the first known purchase."
    cohort = Feature("cohort_quarter", meaning, "quarter", 1, 4)
    return FeatureFamily(
        name="demographics",
        features=(cohort, *(f for a in attributes for f in _declared(a))),
        measures=_measures,
        derive=partial(_derive, attributes),
        side_columns={"people": partial(_newest_values, attributes)} if attributes else {},
        is_default=False,
        fitted=_fitted,
    )


PART = _fitted(SideTables())
