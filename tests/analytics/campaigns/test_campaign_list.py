"""The list of a campaign: who is on it, in which arm, and that arms are kept."""

import math

import polars as pl
import pytest
from crowd import SEGMENTS, many
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.campaigns import (
    Campaign,
    CampaignListRequest,
    add_reasons,
    build_campaign_list,
    campaign_record,
    mark_universal_holdout,
)
from segpredict.analytics.campaigns.campaign_list import count_arms
from segpredict.analytics.campaigns.catalogue import EligibilityRule
from segpredict.analytics.campaigns.sample_size import minimum_detectable_share
from segpredict.config.outputs import CampaignOptions

PLAY = Campaign("hold", "Hold", "Call.", EligibilityRule(segment_roles=("middle",)))
OTHER = Campaign("other", "Other", "Write.", EligibilityRule(at_least={"value_at_risk": 101.0}))
OPTIONS = CampaignOptions()


def drawn(ask: CampaignListRequest, n: int = 200, before: dict | None = None) -> pl.DataFrame:
    marked = mark_universal_holdout(many(n), OPTIONS, before or {})
    return build_campaign_list(marked, SEGMENTS, ask, OPTIONS, before or {})


def arms(table: pl.DataFrame) -> dict[str, str]:
    return dict(table.select("customer_id", "arm").iter_rows())


def test_those_with_most_at_stake_stand_first() -> None:
    table = drawn(CampaignListRequest(PLAY))
    assert table["value_at_stake"].to_list() == [float(i) for i in range(200, 0, -1)]
    assert table["rank"].to_list() == list(range(1, 201))
    assert drawn(CampaignListRequest(PLAY, max_customers=3))["customer_id"].to_list() == [
        *("c0200", "c0199", "c0198")
    ]


def test_a_tenth_of_each_stratum_is_left_alone() -> None:
    table = drawn(CampaignListRequest(PLAY))
    found = table.group_by("stratum").agg((pl.col("arm") == "universal holdout").sum())
    assert found["arm"].to_list() == [2] * 10
    assert count_arms(table) == {"treatment": 180, "universal holdout": 20, "campaign holdout": 0}


def test_who_is_left_alone_is_so_by_every_play() -> None:
    one, other = arms(drawn(CampaignListRequest(PLAY))), arms(drawn(CampaignListRequest(OTHER)))
    assert {c: one[c] == "universal holdout" for c in other} == {
        c: arm == "universal holdout" for c, arm in other.items()
    }


def test_a_larger_share_adds_controls_of_this_play_alone() -> None:
    table = drawn(CampaignListRequest(PLAY, holdout_share=0.5))
    plain = arms(drawn(CampaignListRequest(PLAY)))
    assert count_arms(table)["universal holdout"] == 20
    assert abs(count_arms(table)["campaign holdout"] - 80) <= 10  # by stratum, off by less than one
    assert all(plain[c] == arm for c, arm in arms(table).items() if arm == "universal holdout")


@given(share=st.floats(0.1, 0.5), n=st.integers(20, 300), grown=st.integers(0, 100))
def test_nobody_changes_sides_on_a_later_night(share: float, n: int, grown: int) -> None:
    tonight = arms(drawn(CampaignListRequest(PLAY, holdout_share=share), n))
    ask = CampaignListRequest(PLAY, holdout_share=min(0.5, share + 0.1))
    later = arms(drawn(ask, n + grown, {"hold": tonight}))
    assert {c: later[c] for c in tonight} == tonight


@given(n=st.integers(20, 300), seed=st.integers(0, 5))
def test_the_order_of_customers_changes_nothing(n: int, seed: int) -> None:
    mixed = many(n).sample(fraction=1.0, shuffle=True, seed=seed)
    mixed = mark_universal_holdout(mixed, OPTIONS, {})
    assert build_campaign_list(mixed, SEGMENTS, CampaignListRequest(PLAY), OPTIONS, {}).equals(
        drawn(CampaignListRequest(PLAY), n)
    )


def test_who_was_treated_by_one_play_is_no_control_of_all_later() -> None:
    first = arms(drawn(CampaignListRequest(PLAY)))
    treated = dict.fromkeys(first, "treatment")
    later = drawn(CampaignListRequest(OTHER), before={"hold": treated})
    assert count_arms(later)["universal holdout"] == 0


def test_nobody_eligible_is_an_empty_list() -> None:
    empty = Campaign("none", "None", "x", EligibilityRule(segment_roles=("top",)))
    assert drawn(CampaignListRequest(empty, holdout_share=0.5)).is_empty()


def test_reasons_that_speak_for_the_forecast_are_joined_in_their_order() -> None:
    reasons = pl.DataFrame(
        [
            ("c0200", 2, "for", "later"),
            ("c0200", 1, "for", "first"),
            ("c0200", 3, "against", "no"),
        ],
        ["customer_id", "rank", "direction", "text"],
        orient="row",
    )
    result = add_reasons(drawn(CampaignListRequest(PLAY, max_customers=2)), reasons)
    assert result["reasons"].to_list() == ["first; later", None]
    assert (
        add_reasons(drawn(CampaignListRequest(PLAY, max_customers=2)), None)["reasons"].null_count()
        == 2
    )


def test_a_record_says_what_these_arms_can_see() -> None:
    table = drawn(CampaignListRequest(PLAY, holdout_share=0.5))
    weighed = {
        "base_rate": 0.3,
        "uplift": 0.05,
        "per_arm": 10,
        "spend": 4.0,
        "spend_sd": 2.0,
    }
    found = campaign_record(
        CampaignListRequest(PLAY),
        table,
        {**weighed, "spend_correlation": 0.0},
        OPTIONS,
        {"by": "Ann"},
    )
    alone = 200 - found["arms"]["treatment"]
    assert found["by"] == "Ann"
    assert found["value_at_stake"] == 200 * 201 / 2
    assert found["detectable_uplift"] == minimum_detectable_share(
        0.3, alone, found["arms"]["treatment"]
    )
    assert found["result"] is None


def test_a_record_of_spend_tells_the_share_of_the_mean() -> None:
    play = Campaign("p", "P", "x", EligibilityRule(), kpi="spends")
    weighed = {"base_rate": 4.0, "spend": 4.0, "spend_sd": 2.0, "spend_correlation": 0.6}
    found = campaign_record(
        CampaignListRequest(play), drawn(CampaignListRequest(PLAY)), weighed, OPTIONS, {}
    )
    # (1.959964 + .841621) · 2 · .8 · √(1/20 + 1/180) / 4
    assert found["detectable_uplift"] == pytest.approx(
        2.801585 * 1.6 * math.sqrt(1 / 18) / 4, rel=1e-6
    )


def test_a_play_that_was_never_seen_before_promises_nothing() -> None:
    found = campaign_record(
        CampaignListRequest(PLAY),
        drawn(CampaignListRequest(PLAY)),
        {"base_rate": None},
        OPTIONS,
        {},
    )
    assert found["detectable_uplift"] is None
