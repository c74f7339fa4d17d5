"""Triggers: places on the ladder, moves, bounds, and the largest."""

import pytest
from crowd import SEGMENTS, crowd, customer, many

from segpredict.analytics.campaigns import Campaign, validate_rules
from segpredict.analytics.campaigns.catalogue import (
    EligibilityRule,
    eligible_customers,
    segment_roles,
)
from segpredict.core.segment import Segment
from segpredict.errors import UnknownNameError

ROWS = crowd(
    customer("gone", "S0", "S0", p_up=0.4),
    customer("back", "S0", "S2", p_up=0.7),
    customer("low", "S1", "S0", is_new=True),
    customer("mid", "S2", "S2"),
    customer("top", "S3", "S1", p_down=0.9),
)


def who(**asked: object) -> list[str]:
    found = eligible_customers(ROWS, EligibilityRule(**asked), SEGMENTS)  # type: ignore[arg-type]
    return found["customer_id"].to_list()


def test_without_conditions_everybody_is_eligible() -> None:
    assert len(who()) == 5


def test_roles_are_places_on_the_ladder() -> None:
    assert who(segment_roles=("inactive",)) == ["gone", "back"]
    assert who(segment_roles=("low", "top")) == ["low", "top"]


def test_a_ladder_of_one_has_a_top_and_no_low() -> None:
    assert segment_roles(SEGMENTS[:2]) == {"S0": "inactive", "S1": "top"}
    five = [Segment(i, f"S{i}", "x") for i in range(5)]
    assert [*segment_roles(five).values()] == ["inactive", "low", "middle", "middle", "top"]


def test_moves_compare_the_named_segment_with_the_present_one() -> None:
    assert who(predicted_moves=("falls",)) == ["low", "top"]
    assert who(predicted_moves=("stays",)) == ["gone", "mid"]
    assert who(predicted_moves=("rises",)) == ["back"]
    assert who(predicted_moves=("rises", "falls")) == ["back", "low", "top"]


def test_all_conditions_must_hold() -> None:
    assert who(predicted_moves=("falls",), is_new=False) == ["top"]
    assert who(predicted_moves=("falls",), at_least={"p_down": 0.9}, segment_roles=("low",)) == []


def test_segments_are_found_by_id_and_by_name() -> None:
    assert who(segment_names=("Core", "S2")) == ["mid", "top"]


def test_bounds_are_met_and_missing_values_meet_none() -> None:
    rows = ROWS.with_columns(p_up=None)
    assert who(at_most={"p_up": 0.4}, segment_roles=("inactive",)) == ["gone"]
    assert eligible_customers(rows, EligibilityRule(at_most={"p_up": 1.0}), SEGMENTS).is_empty()


def test_the_largest_share_is_taken_of_those_who_meet_all_else() -> None:
    found = eligible_customers(
        many(10), EligibilityRule(top_share={"value_at_risk": 0.2}), SEGMENTS
    )
    assert found["value_at_risk"].to_list() == [9.0, 10.0]
    assert who(segment_roles=("inactive",), top_share={"p_up": 0.5}) == ["back"]


def test_equals_are_taken_together() -> None:
    rows = many(10, p_up=0.3)
    assert eligible_customers(rows, EligibilityRule(top_share={"p_up": 0.1}), SEGMENTS).height == 10


def test_nobody_has_no_largest() -> None:
    trigger = EligibilityRule(segment_roles=("top",), top_share={"p_up": 0.1})
    assert eligible_customers(many(10), trigger, SEGMENTS).is_empty()


def test_columns_and_segments_that_cannot_be_are_refused_with_the_nearest() -> None:
    play = Campaign("x", "X", "x", EligibilityRule(at_least={"return_shar": 0.1}))
    with pytest.raises(UnknownNameError) as result:
        validate_rules([play], SEGMENTS, ["return_share"])
    assert "'return_share'" in result.value.fix
    named = Campaign("x", "X", "x", EligibilityRule(segment_names=("Cor",)))
    with pytest.raises(UnknownNameError) as result:
        validate_rules([named], SEGMENTS, [])
    assert "'Core'" in result.value.fix
    validate_rules([named], (), [])  # no segments are known before there are any
