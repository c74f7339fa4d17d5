from dataclasses import replace

import polars as pl
import pytest

import shop
from segpredict.core.transactions import CustomerAttribute, SideTables, Transactions
from segpredict.data.side_tables import freeze_side_tables

PEOPLE = pl.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d"],
        "since": pl.Series([None] * 4, dtype=pl.Int32),
        "until": pl.Series([None] * 4, dtype=pl.Int32),
        "tier": ["silver", "gold", "gold", "bronze"],
    }
)
TIER = CustomerAttribute("tier", "level", "Tier")


def sold() -> Transactions:
    rows = [
        ("a", 1, "p", 2.0, "UK"),
        ("b", 2, "p", 4.0, "UK"),
        ("b", 3, "q", 10.0, "EIRE"),
        ("c", 4, "r", 1.0, "EIRE"),
        ("c", 5, "r", 1.0, "France"),
        ("d", 50, "q", 0.01, "Malta"),
    ]
    names = ["customer_id", "day", "product_id", "amount", "country"]
    lines = pl.DataFrame(rows, schema=names, orient="row")
    return shop.transactions(lines.with_columns(order_id=pl.col("day").cast(pl.String)))


def frozen(**tables) -> SideTables:
    return freeze_side_tables(replace(sold(), side_tables=SideTables(**tables)), until=50)


def test_countries_stand_by_the_number_of_their_customers_then_by_name():
    assert frozen().countries == ("EIRE", "UK", "France")


def test_levels_are_those_of_customers_who_had_bought_by_then():
    found = frozen(customers=PEOPLE, attributes=(TIER,))
    assert found.attributes[0].levels == ("gold", "silver")


def test_a_level_that_held_only_later_is_not_learned():
    later = PEOPLE.with_columns(since=pl.lit(50, pl.Int32))
    assert frozen(customers=later, attributes=(TIER,)).attributes[0].levels == ()


def test_a_column_with_a_value_for_every_customer_is_no_group():
    ids = [f"c{i:03d}" for i in range(60)]
    lines = pl.DataFrame({"customer_id": ids, "order_id": ids}).with_columns(
        day=pl.lit(1), amount=pl.lit(1.0)
    )
    none = pl.lit(None, pl.Int32)
    people = pl.DataFrame({"customer_id": ids, "name": ids}).with_columns(since=none, until=none)
    tables = SideTables(people, (CustomerAttribute("name", "level", "Name"),))
    found = freeze_side_tables(replace(shop.transactions(lines), side_tables=tables), until=9)
    assert found.attributes == ()
    assert "Left out of the customers table: Name" in found.notes[0]


def test_a_price_has_its_middle_rank_in_its_category():
    categories = pl.DataFrame({"product_id": ["p", "q", "r"], "category": ["x", "x", "y"]})
    # p sold at 3 on average, q at 10, r at 1; what came on day 50 is not seen.
    assert dict(frozen(products=categories).prices.rows()) == {
        "p": 0.25,
        "q": 0.75,
        "r": 0.5,
    }
    alone = dict(frozen().prices.rows())
    assert alone == pytest.approx({"r": 1 / 6, "p": 3 / 6, "q": 5 / 6})


def test_what_is_frozen_does_not_depend_on_what_came_later():
    early = sold()
    cut = replace(early, lines=early.lines.filter(pl.col("day") < 50))
    tables = SideTables(customers=PEOPLE, attributes=(TIER,))
    first = freeze_side_tables(replace(early, side_tables=tables), 50)
    second = freeze_side_tables(replace(cut, side_tables=tables), 50)
    assert first.countries == second.countries
    assert first.attributes == second.attributes
    assert first.prices.equals(second.prices)
