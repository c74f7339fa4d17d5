"""The lists of a run: who, why, what to offer, money and arm, ready for a spreadsheet."""

from dataclasses import replace

import polars as pl
import pytest

import shop
from segpredict.analytics.campaigns import Campaign, CampaignCatalogue
from segpredict.config.outputs import CampaignOptions
from segpredict.core.run_folder import encode_csv
from segpredict.pipeline import campaign_planning, customer_lists
from segpredict.pipeline.customer_lists import ListSource, customer_list_tables, suggested_products

IDS = ["a", "=b", "c"]
SCORES = pl.DataFrame(
    {
        "customer_id": IDS,
        "is_eligible": [True] * 3,
        "segment_id": ["S1", "S1", "S2"],
        "segment": ["Light", "Light", "Core"],
        "next_segment": ["Light"] * 3,
        "p_down": [0.123, 0.9, 0.5],
        "p_up": [0.1, 0.0, None],
        "value_at_risk": [1.6, 10.4, None],
        "upside": [0.0, 0.0, 3.0],
        "expected_value": [20.0, 30.0, 40.0],
        "spent_to_date": [100.0, 200.0, 300.0],
    }
)
SUGGESTED = pl.DataFrame({"segment_id": ["S1", "S1"], "rank": [1, 2], "item": ["mug", "jug"]})
REASONS = pl.DataFrame(
    {
        "customer_id": ["a", "a", "=b"],
        "rank": [2, 1, 1],
        "direction": ["for", "for", "for"],
        "text": ["second", "first", "only"],
    }
)


@pytest.fixture
def source() -> ListSource:
    return ListSource(
        scores=SCORES,
        lists=pl.DataFrame(
            {
                "campaign": ["call"] * 2,
                "rank": [1, 2],
                "customer_id": ["=b", "a"],
                "arm": ["treatment", "universal holdout"],
            }
        ),
        reasons=REASONS,
        offers=pl.DataFrame({"customer_id": ["a"], "suggested_product": ["mug Mug"]}),
        catalogue=CampaignCatalogue((Campaign("call", "Call", "Call them."),)),
        universal_holdout=pl.DataFrame({"customer_id": IDS, "is_universal": [True, False, True]}),
    )


def test_a_campaign_has_who_why_what_to_offer_money_and_arm(source: ListSource) -> None:
    table = dict(customer_list_tables(source))["campaign_call"]
    first, second = table.to_dicts()
    assert (first["customer_id"], first["arm"], first["value_at_risk"]) == ("=b", "treatment", 10)
    assert (second["why"], second["suggested_product"]) == ("first; second", "mug Mug")
    assert second["p_down"] == 0.12
    assert set(table["action"]) == {"Call them."}


def test_each_segment_has_all_of_its_customers_most_at_risk_first(source: ListSource) -> None:
    tables = dict(customer_list_tables(source))
    assert list(tables) == ["campaign_call", "segment_s1", "segment_s2"]
    assert tables["segment_s1"].select("rank", "customer_id").rows() == [(1, "=b"), (2, "a")]
    assert set(tables["segment_s1"]["arm"]) <= {"treatment", "universal holdout"}


def test_nobody_is_without_a_reason_and_no_cell_is_a_formula(source: ListSource) -> None:
    tables = dict(customer_list_tables(source))
    assert tables["segment_s2"]["why"].to_list() == [customer_lists.NOT_EXPLAINED_TEXT]
    assert b"'=b" in encode_csv(tables["segment_s1"])


def test_a_product_that_was_bought_is_not_suggested() -> None:
    rows = [
        {"customer_id": "a", "order_id": "1", "day": 9, "amount": 1.0, "product_id": "mug"},
        {"customer_id": "=b", "order_id": "2", "day": 1, "amount": 1.0, "product_id": "mug"},
    ]
    sold = shop.transactions(pl.DataFrame(rows))
    names = pl.DataFrame({"product_id": ["jug"], "name": ["Jug"], "rows": [1], "descriptions": [1]})
    named = replace(sold, product_names=names)
    offers = dict(suggested_products(named, SCORES, SUGGESTED, since=5).iter_rows())
    assert offers == {"a": "jug Jug", "=b": "mug"}


def arms_in_segments(source: ListSource) -> dict[str, str]:
    return {
        customer: arm
        for name, table in customer_list_tables(source)
        if name.startswith("segment_")
        for customer, arm in table.select("customer_id", "arm").iter_rows()
    }


def test_the_universal_holdout_of_the_run_holds_in_the_lists_of_segments(
    source: ListSource,
) -> None:
    arms = arms_in_segments(source)
    assert arms == {"a": "universal holdout", "=b": "treatment", "c": "universal holdout"}


def test_a_run_without_a_campaign_has_lists_of_segments_alone() -> None:
    customers = pl.DataFrame(
        {"customer_id": ["a", "b"], "segment_id": ["S1", "S2"], "expected_value": [9.0, 1.0]}
    )
    found = campaign_planning._lists(customers, (), (), CampaignOptions(), {})
    assert found.select("campaign", "rank", "customer_id", "arm").is_empty()
