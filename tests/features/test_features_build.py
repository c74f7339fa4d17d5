from dataclasses import replace

import polars as pl
import pytest

import shop
from segpredict.core import schemas
from segpredict.core.window import Window
from segpredict.errors import SegpredictError, UnknownNameError
from segpredict.features import FEATURE_FAMILIES, build_features, compute_features, feature_glossary
from segpredict.features.engine.measures import count_purchase_days
from segpredict.features.engine.plan import plan_query

WINDOW = Window(700, first_day=0)
FAMILY_NAMES = FEATURE_FAMILIES.names()


@pytest.fixture(scope="module")
def world():
    return shop.world(150)


def test_the_families_are_found_by_their_files():
    core = "basket btyd history overdue rfm state timing trend"
    where_given = "assortment category contacts discount returns web"
    optional = "country decay demographics order_time price_tier"
    assert sorted(f"{core} {where_given} {optional}".split()) == list(FAMILY_NAMES)
    named = [family.name for family in FEATURE_FAMILIES.all_parts() if not family.is_default]
    assert " ".join(named) == optional
    assert [family.name for family in FEATURE_FAMILIES.all_parts()] == list(FAMILY_NAMES)


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_every_family_declares_the_same_columns_for_every_window(name):
    family = FEATURE_FAMILIES.get(name)
    assert tuple(family.derive(WINDOW)) == family.features


@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_a_family_alone_gives_what_it_gives_among_all(world, name):
    alone = compute_features(world, WINDOW, [name])
    among = compute_features(world, WINDOW, FAMILY_NAMES)
    assert alone.frame.equals(among.frame.select(alone.frame.columns))


def test_every_feature_says_what_it_is():
    for feature in feature_glossary():
        assert feature.meaning[0].isupper(), feature.name
        assert feature.meaning.endswith("."), feature.name
        assert len(feature.meaning) > 20, feature.name
        assert feature.unit, feature.name
        assert feature.family in FAMILY_NAMES, feature.name
        assert feature.name.isidentifier(), feature.name


def test_feature_names_are_unique_and_never_plain_recency():
    names = [feature.name for feature in feature_glossary()]
    assert len(set(names)) == len(names)
    assert "recency" not in names


def test_the_glossary_is_the_columns_of_the_table(world):
    table = compute_features(world, WINDOW, FAMILY_NAMES)
    assert table.features == feature_glossary()
    assert table.frame.columns == ["customer_id", *(each.name for each in feature_glossary())]


def test_a_table_keeps_its_contract(world):
    for table in build_features(world, [WINDOW, WINDOW.at_cutoff(400)]):
        schemas.validate_schema(table.frame, schemas.feature_schema(table.features))
        assert set(table.frame.select(table.feature_names).dtypes) == {pl.Float64}
        assert table.frame["customer_id"].is_sorted()


def test_the_given_order_of_families_does_not_matter(world):
    there, back = (compute_features(world, WINDOW, n) for n in (["rfm", "btyd"], ["btyd", "rfm"]))
    assert there.frame.equals(back.frame)
    assert there.features == back.features


def test_an_unknown_family_is_named_with_its_nearest(world):
    with pytest.raises(UnknownNameError, match="rfm"):
        compute_features(world, WINDOW, ["rfn"])


def test_two_families_may_not_give_one_name_two_meanings():
    rfm = FEATURE_FAMILIES.get("rfm")
    other = replace(rfm, name="other", measures=lambda _: {"last_ago": count_purchase_days()})
    with pytest.raises(SegpredictError, match="other defines 'last_ago' differently"):
        plan_query(WINDOW, (rfm, other))


def test_nothing_given_is_changed(world):
    before = world.lines.collect()
    build_features(world, [WINDOW, WINDOW.at_cutoff(400)])
    assert world.lines.collect().equals(before)
