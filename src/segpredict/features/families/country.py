"""The country of the customer's last order, one column per country."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from segpredict.core.transactions import SideTables
from segpredict.features import family as f


def _derive(named: Mapping[str, str], _: f.Window) -> f.Derived:
    last = pl.col("last_country")
    other = f.flag(
        f"country_{f.OTHER_LEVEL}",
        "Whether the last order went to a country without a column of its own.",
    )
    of_places = {
        f.flag(name, f"Whether the last order went to {place}."): last.eq(place)
        for name, place in named.items()
    }
    return {**of_places, other: ~last.is_in(list(named.values()))}


def _fitted(side_tables: SideTables) -> f.FeatureFamily:
    return f.FeatureFamily(
        name="country",
        derive=partial(_derive, f.level_columns("country", side_tables.countries)),
        # Rows stand in order of time within a customer.
        side_columns={"places": lambda _: {"last_country": pl.col("country").last()}},
        required_columns=("countries",),
        is_default=False,
        fitted=_fitted,
    )


PART = _fitted(SideTables())
