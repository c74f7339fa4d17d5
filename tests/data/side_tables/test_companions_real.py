"""AdventureWorks and the Complete Journey through their presets."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from segpredict import features, pipeline
from segpredict.config import load
from segpredict.core.transactions import MONEY_SCALE, Transactions
from segpredict.core.window import Window, as_date, day_number
from segpredict.data.side_tables import freeze_side_tables


def opened(preset: str, *path: str) -> Transactions:
    return pipeline.read_transactions([str(Path(*path))], load.load_config(preset))


@pytest.fixture(scope="module")
def works(real_data) -> Transactions:
    folder = real_data / "adventureworks"
    return opened("adventureworks", folder, "adventureworks_sales.parquet")


@pytest.mark.real
def test_adventureworks_has_its_published_totals_at_list_price(works):
    read = works.ledger.total("in")
    assert (read.rows, read.orders, read.customers) == (56_046, 25_164, 17_416)
    assert round(read.money / MONEY_SCALE, 2) == 24_914_586.82
    lines = works.lines.collect()
    assert lines["quantity"].sum() == 84_174 * MONEY_SCALE
    assert works.ledger.adds_up
    assert works.ledger.total("used") == read
    assert as_date(works.first_day).isoformat() == "2015-01-01"
    assert as_date(works.end_day - 1).isoformat() == "2017-06-30"


@pytest.mark.real
def test_the_people_of_adventureworks_become_numbers(works):
    people = works.side_tables.customers
    kinds = {a.given: a.kind for a in works.side_tables.attributes}
    assert kinds == {
        "BirthDate": "date",
        "Gender": "level",
        "MaritalStatus": "level",
        "AnnualIncome": "number",
        "TotalChildren": "number",
        "EducationLevel": "level",
        "Occupation": "level",
        "HomeOwner": "level",
    }
    assert people.height == 18_148
    assert people["annualincome"].min() == 10_000
    assert people["annualincome"].max() == 170_000
    assert people["gender"].drop_nulls().unique().sort().to_list() == ["F", "M"]
    first = people.filter(pl.col("customer_id") == "11000").row(0, named=True)
    assert as_date(first["birthdate"]).isoformat() == "1966-04-08"
    assert first["annualincome"] == 90_000
    notes = " ".join(works.side_tables.notes)
    assert "customers table: EmailAddress, FirstName, LastName and Prefix." in notes
    assert "its 1,809 returns of 1,828 units, worth 765,277.84 at list price" in notes


@pytest.mark.real
def test_every_buyer_of_adventureworks_has_demographics_as_of_the_cutoff(works):
    shop = replace(works, side_tables=freeze_side_tables(works, day_number("2016-07-01")))
    window = Window(works.end_day, first_day=works.first_day)
    names = ["assortment", "category", "price_tier", "country", "demographics"]
    table = features.compute_features(shop, window, names)
    frame = table.frame
    assert frame.select("who_annualincome", "who_birthdate_years").null_count().row(0) == (0, 0)
    degrees = [n for n in table.feature_names if n.startswith("who_educationlevel_")]
    assert frame.select(pl.sum_horizontal(degrees)).to_series().unique().to_list() == [1]
    assert frame["who_birthdate_years"].min() > 30  # the youngest was born in 1980
    assert "country_9" in table.feature_names  # territories, as codes
    assert set(features.choose_families(shop).notes) == {
        "The features of the family contacts were left out: the data have no table of "
        "marketing contacts.",
        "The features of the family discount were left out: the data have no discounts.",
        "The features of the family returns were left out: the data have no returns.",
        "The features of the family web were left out: the data have no table of web events.",
    }


@pytest.mark.real
def test_the_complete_journey_joins_bands_and_departments(real_data):
    folder = real_data / "completejourney"
    name = "completejourney_transactions_sample.parquet"
    shop = opened("completejourney", folder, name)
    assert shop.ledger.total("in").rows == 75_000
    people = shop.side_tables.customers
    kinds = {a.given: a.kind for a in shop.side_tables.attributes}
    assert [g for g, kind in kinds.items() if kind == "number"] == [
        *("age", "income", "household_size", "kids_count"),
    ]
    assert sorted(people["age"].unique()) == [19, 25, 35, 45, 55, 65]
    assert sorted(people["income"].unique())[:3] == [0, 15_000, 25_000]
    assert people["income"].max() == 250_000
    assert sorted(people["household_size"].unique()) == [1, 2, 3, 4, 5]

    frozen = replace(shop, side_tables=freeze_side_tables(shop, shop.end_day))
    window = Window(shop.end_day, first_day=shop.first_day)
    names = ["category", "discount", "price_tier", "demographics"]
    table = features.compute_features(frozen, window, names).frame
    assert table["discount_share"].mean() == pytest.approx(0.49, abs=0.02)
    assert "discount" in features.choose_families(frozen).names
    known = table.filter(pl.col("who_age").is_not_null())
    assert known.height == people.join(table, on="customer_id", how="semi").height
    assert table["category_entropy"].null_count() == 0
    assert table["category_entropy"].max() < 3
    assert table["price_percentile"].is_between(0, 1).all()
