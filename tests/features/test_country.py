from dataclasses import replace

import polars as pl

import shop
from segpredict.core.transactions import SideTables
from segpredict.core.window import Window
from segpredict.features import compute_features

FROZEN = SideTables(countries=("UK", "EIRE"))


def found(countries: list[str | None]) -> dict[str, float | None]:
    rows = {"country": pl.Series(countries, dtype=pl.String), "amount": 1.0}
    lines = pl.DataFrame(rows).with_row_index("day", 390)
    lines = lines.with_columns(customer_id=pl.lit("a"), order_id=pl.col("day").cast(pl.String))
    given = replace(shop.transactions(lines), side_tables=FROZEN)
    table = compute_features(given, Window(399, first_day=0), ["country"]).frame
    return table.drop("customer_id").to_dicts()[0]


def test_the_country_of_the_last_order_counts():
    expected = {"country_uk": 0, "country_eire": 1, "country_other": 0}
    assert found(["UK", "EIRE"]) == expected


def test_a_country_that_training_never_saw_is_other():
    expected = {"country_uk": 0, "country_eire": 0, "country_other": 1}
    assert found(["UK", "Atlantis"]) == expected


def test_no_country_at_all_is_missing_and_not_other():
    assert set(found([None]).values()) == {None}
