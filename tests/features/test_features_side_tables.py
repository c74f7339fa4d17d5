"""Side tables as of the cutoff: leak L7, choosing families, what is missing."""

from dataclasses import replace

import polars as pl
import pytest
from side_shop import customers, log, side_tables

import shop
from segpredict.core.transactions import SideTables, Transactions
from segpredict.core.window import Window
from segpredict.features import (
    FEATURE_FAMILIES,
    choose_families,
    compute_features,
    feature_glossary,
)

T = 600
WINDOW = Window(T, first_day=0)
SIDE = ("category", "contacts", "country", "demographics", "price_tier", "web")


@pytest.fixture(scope="module")
def small() -> Transactions:
    rows = [
        (who, f"{who}{day}", day, "pqr"[day % 3], 5.0 + day % 7)
        for who in "abc"
        for day in range(5, T, 67)
    ]
    names = ["customer_id", "order_id", "day", "product_id", "amount"]
    lines = pl.DataFrame(rows, schema=names, orient="row")
    return replace(shop.transactions(lines, end_day=T), side_tables=side_tables())


def asked(given: Transactions, tables: SideTables) -> pl.DataFrame:
    return compute_features(replace(given, side_tables=tables), WINDOW, SIDE).frame


def later(name: str) -> SideTables:
    """Return the side tables with a row more, dated on the cutoff day."""
    there = side_tables()
    if name == "customers":
        row = customers([("a", T, None, 77.0, T, "silver")])
        return replace(there, customers=pl.concat([there.customers, row]))
    kinds = list(getattr(there, name).frame.columns[2:])
    more = log([("a", T, *[50] * len(kinds))], kinds).frame
    held = getattr(there, name)
    return replace(there, **{name: replace(held, frame=pl.concat([held.frame, more]))})


@pytest.mark.parametrize("name", ["customers", "events", "contacts"])
def test_l7_a_row_dated_on_or_after_the_cutoff_changes_nothing(small, name):
    assert asked(small, later(name)).equals(asked(small, side_tables()))


@pytest.mark.parametrize("name", ["customers", "events", "contacts"])
def test_l7_all_rows_dated_on_or_after_the_cutoff_may_as_well_not_be_there(small, name):
    day = "since" if name == "customers" else "day"
    there = side_tables()
    table = there.customers if name == "customers" else getattr(there, name).frame
    known = table.filter((pl.col(day) < T).fill_null(value=True))
    assert known.height < table.height
    held = known if name == "customers" else replace(getattr(there, name), frame=known)
    cut = replace(there, **{name: held})
    assert asked(small, cut).equals(asked(small, there))


def test_a_shop_offers_the_families_it_has_tables_for(small):
    everything = choose_families(small, FEATURE_FAMILIES.names())
    assert set(FEATURE_FAMILIES.names()) - set(everything.names) == {"discount", "returns"}
    assert "have no discounts" in everything.notes[0]


def test_a_family_whose_table_is_not_there_is_left_out_and_a_note_says_so(small):
    bare = choose_families(replace(small, side_tables=SideTables()))
    assert {"web", "contacts", "category"}.isdisjoint(bare.names)
    assert any("no table of web events" in note for note in bare.notes)
    frame = compute_features(replace(small, side_tables=SideTables()), WINDOW).frame
    assert not [name for name in frame.columns if name.startswith("web_")]


def test_default_stands_for_all_that_nobody_needs_to_name(small):
    more = choose_families(small, ["default", "order_time"])
    assert set(more.names) - set(choose_families(small).names) == {"order_time"}


def test_a_table_missing_at_scoring_gives_missing_features_and_works(small):
    gone = replace(side_tables(), customers=None, products=None, events=None)
    table = asked(small, replace(gone, contacts=None, prices=None))
    columns = [f.name for f in feature_glossary(SIDE, side_tables())]
    assert table.columns == ["customer_id", *columns]
    filled = [name for name in columns if table[name].null_count() < table.height]
    assert filled == [*("country_uk", "country_france", "country_other", "cohort_quarter")]


def test_the_glossary_has_the_columns_of_frozen_levels():
    names = [
        feature.name for feature in feature_glossary(["country", "demographics"], side_tables())
    ]
    assert names[:2] == ["country_uk", "country_france"]
    assert names[-3:] == ["who_tier_gold", "who_tier_silver", "who_tier_other"]


def test_what_comes_after_the_last_cutoff_chooses_no_family(small):
    late = pl.DataFrame({"customer_id": ["a"], "order_id": ["R"], "day": [T + 9]})
    back = late.with_columns(product_id=pl.lit("p"), amount=pl.lit(-1.0))
    lines = small.lines.collect()
    more = pl.concat([lines, shop.transactions(back).lines.collect()])
    given = replace(small, lines=more.lazy())
    assert "returns" in choose_families(given).names
    assert "returns" not in choose_families(given, until=T).names
    assert compute_features(given, WINDOW).frame.equals(compute_features(small, WINDOW).frame)
