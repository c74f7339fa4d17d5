"""Segment profiles of a shop: rules, examples, and distinctive categories."""

from dataclasses import replace

import polars as pl
import pytest

from segpredict import features
from segpredict.analytics import segment_tables
from segpredict.config.classifier import TimeOptions
from segpredict.config.segmentation import OverrideOptions, SegmentationOptions, SegmentRuleOptions
from segpredict.core.transactions import SideTables, Transactions
from segpredict.segmentation import fit_segmentation, segment_profiles
from shop import world

TIME = TimeOptions()
RULES = {"Key accounts": SegmentRuleOptions(top_share=0.05)}
OPTIONS = SegmentationOptions(k=3, n_init=3, overrides=OverrideOptions(rules=RULES))


@pytest.fixture(scope="module")
def shop() -> Transactions:
    """Return a random shop whose customers of odd number buy lamps above all."""
    plain = world(500)
    odd = pl.col("customer_id").str.slice(-1).is_in(list("13579"))
    lamp = odd & (pl.int_range(pl.len()) % 3 > 0)
    lines = plain.lines.with_columns(
        product_id=pl.when(lamp).then(pl.lit("lamp")).otherwise("product_id")
    )
    return replace(plain, lines=lines)


@pytest.fixture(scope="module")
def found(shop):
    spans = [(end - 91, end) for end in (shop.end_day, shop.end_day - 28)]
    return fit_segmentation(features.clustering_inputs(shop, spans), OPTIONS)


def cards(shop, found, affinity="none"):
    window = TIME.window_at(shop.end_day, shop.first_day)
    tables = segment_tables.segment_tables(
        shop, found, segment_tables.rule_grid_at_end(shop, TIME, SegmentationOptions()), TIME
    )
    return segment_profiles(shop, found, window, tables, affinity)


def test_a_rule_that_makes_a_segment_is_shown_as_it_is(shop, found):
    profiles = cards(shop, found)
    assert profiles[0]["rule"] == "bought in the last 364 days, but not in the last 91"
    assert (profiles[-1]["name"], profiles[-1]["precision"]) == ("Key accounts", 1.0)
    assert profiles[-1]["rule"].startswith("spent at least £")
    assert all(card["affinity"] == [] for card in profiles)


def test_a_product_or_its_category_stands_out_where_that_is_asked(shop, found):
    groups = pl.DataFrame({"product_id": ["lamp"], "category": ["Lamps"]})
    known = replace(shop, side_tables=SideTables(products=groups))
    by_product = cards(shop, found, "product")
    assert {row["category"] for card in by_product for row in card["affinity"]} <= {
        "lamp",
        *(f"p{i:02d}" for i in range(40)),
    }
    # With one category alone nothing can stand out.
    assert all(card["affinity"] == [] for card in cards(known, found, "category"))


def test_examples_are_of_the_segment_they_speak_for(shop, found):
    window = TIME.window_at(shop.end_day, shop.first_day)
    rows = features.clustering_inputs(shop, [(window.cutoff - 91, window.cutoff)])
    segment = dict(found.assign(rows).select("customer_id", "segment").rows())
    for card in cards(shop, found)[1:]:
        assert all(segment[e["customer_id"]] == card["code"] for e in card["examples"])
