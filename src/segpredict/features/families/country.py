"""The country of the customer's last order, one column per country."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from segpredict.core.transactions import SideTables
from segpredict.core.window import Window
from segpredict.features.family import (
    OTHER_LEVEL,
    Columns,
    FeatureFamily,
    flag,
    level_columns,
    no_measures,
)

_COUNTRY = pl.col("last_country")


def _places(_: Window) -> Columns:
    # Rows stand in order of time within a customer.
    return {"last_country": pl.col("country").last()}


def _derive(named: Mapping[str, str], _: Window) -> Columns:
    of = {name: _COUNTRY.eq(country) for name, country in named.items()}
    return {**of, f"country_{OTHER_LEVEL}": ~_COUNTRY.is_in(list(named.values()))}


def _fitted(side_tables: SideTables) -> FeatureFamily:
    named = level_columns("country", side_tables.countries)
    features = [flag(n, f"Whether the last order went to {place}.") for n, place in named.items()]
    meaning = "Whether the last order went to a country without a column of its own."
    return FeatureFamily(
        name="country",
        features=(*features, flag(f"country_{OTHER_LEVEL}", meaning)),
        measures=no_measures,
        derive=partial(_derive, named),
        side_columns={"places": _places},
        required_columns=("countries",),
        is_default=False,
        fitted=_fitted,
    )


PART = _fitted(SideTables())
