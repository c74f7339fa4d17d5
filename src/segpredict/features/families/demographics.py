"""Customer attributes: the quarter of the first order, and the customers table."""

from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.transactions import CustomerAttribute, SideTables
from segpredict.core.window import Window
from segpredict.features.engine.measures import Measure, days_since_first
from segpredict.features.family import OTHER_LEVEL, FeatureFamily, level_columns

_YEAR = 365.25


def _measures(_: Window) -> Mapping[str, Measure]:
    return {"first_ago": days_since_first()}


def _newest_values(attributes: Sequence[CustomerAttribute], _: Window) -> Mapping[str, pl.Expr]:
    # Rows stand in order of time within a customer: the last is the newest that holds.
    return {f"given_{a.name}": pl.col(a.name).last() for a in attributes}


def _derive(attributes: Sequence[CustomerAttribute], window: Window) -> Mapping[str, pl.Expr]:
    first = (pl.lit(window.cutoff) - pl.col("first_ago")).cast(pl.Int32)
    found = {"cohort_quarter": first.cast(pl.Date).dt.quarter()}
    for attribute in attributes:
        found |= _encoded(attribute, window)
    return found


def _encoded(attribute: CustomerAttribute, window: Window) -> Mapping[str, pl.Expr]:
    given = pl.col(f"given_{attribute.name}")
    if attribute.kind == "number":
        return {f"who_{attribute.name}": given}
    if attribute.kind == "date":
        past = pl.when(given < window.cutoff).then(window.cutoff - given)
        return {f"who_{attribute.name}_years": past / _YEAR}
    named = _named(attribute)
    text = given.cast(pl.String)  # null of any type where there is no table
    other = f"who_{attribute.name}_{OTHER_LEVEL}"
    return {
        **{name: text == level for name, level in named.items()},
        other: ~text.is_in(list(attribute.levels)),
    }


def _named(attribute: CustomerAttribute) -> dict[str, str]:
    return level_columns(f"who_{attribute.name}", attribute.levels)


def _declared(attribute: CustomerAttribute) -> list[Feature]:
    name, given = f"who_{attribute.name}", attribute.given or attribute.name
    if attribute.kind == "number":
        return [Feature(name, f"{given} as the customers table has it.", "number", None)]
    if attribute.kind == "date":
        return [Feature(f"{name}_years", f"Years since {given}.", "years")]
    flag = partial(Feature, unit="yes or no", high=1)
    return [
        *(
            flag(column, f"Whether {given} is {level}.")
            for column, level in _named(attribute).items()
        ),
        flag(f"{name}_{OTHER_LEVEL}", f"Whether {given} is something not seen in training."),
    ]


def _fitted(side_tables: SideTables) -> FeatureFamily:
    attributes = side_tables.attributes
    cohort = Feature(
        "cohort_quarter",
        "Quarter of the year, 1 to 4, of the first known purchase.",
        "quarter",
        1,
        4,
    )
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
