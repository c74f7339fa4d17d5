"""The country of the customer's last order, one column per country."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.transactions import SideTables
from segpredict.core.window import Window
from segpredict.features.family import OTHER_LEVEL, FeatureFamily, level_columns, no_measures

_COUNTRY = pl.col("last_country")


def _places(_: Window) -> Mapping[str, pl.Expr]:
    # Rows stand in order of time within a customer.
    return {"last_country": pl.col("country").last()}


def _derive(named: Mapping[str, str], _: Window) -> Mapping[str, pl.Expr]:
    of = {name: _COUNTRY.eq(country) for name, country in named.items()}
    return {**of, f"country_{OTHER_LEVEL}": ~_COUNTRY.is_in(list(named.values()))}


def _fitted(side_tables: SideTables) -> FeatureFamily:
    named = level_columns("country", side_tables.countries)
    features = [
        Feature(name, f"Whether the last order went to {country}.", "yes or no", high=1)
        for name, country in named.items()
    ]
    other = Feature(
        f"country_{OTHER_LEVEL}",
        "Whether the last order went to a country without a column of its own.",
        "yes or no",
        high=1,
    )
    return FeatureFamily(
        name="country",
        features=(*features, other),
        measures=no_measures,
        derive=partial(_derive, named),
        side_columns={"places": _places},
        required_columns=("countries",),
        is_default=False,
        fitted=_fitted,
    )


PART = _fitted(SideTables())
