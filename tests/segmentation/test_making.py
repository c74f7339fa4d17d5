"""Overrides merge, weigh and define segments; ids stay, everything is logged."""

import json

import polars as pl
import pytest
from planted import shop

from segpredict.config.segmentation import OverrideOptions, SegmentationOptions, SegmentRuleOptions
from segpredict.errors import ConfigError, UnknownNameError
from segpredict.segmentation import Segmentation, fit_segmentation

FOUR = ((20.0, 1), (150.0, 2), (900.0, 6), (6000.0, 20))
ROWS = shop(*FOUR)


def options(**refine) -> SegmentationOptions:
    return SegmentationOptions(
        k=4, n_init=5, min_value_step=0.0, overrides=OverrideOptions(**refine)
    )


def test_merged_segments_bear_the_first_id_and_hold_the_customers_of_both():
    plain, merged = (
        fit_segmentation(ROWS, options()),
        fit_segmentation(ROWS, options(merged=(("S2", "S3"),))),
    )
    assert [s.id for s in merged.segments] == ["S0", "S1", "S2", "S4"]
    before, after = (s.assign(ROWS)["segment"] for s in (plain, merged))
    assert (after == 2).sum() == ((before == 2) | (before == 3)).sum()
    assert merged.values[2].rows == 300
    event = merged.identity.events[0]
    assert (event.kind, event.before, event.after) == ("merged", ("S2", "S3"), ("S2",))


def test_the_margin_of_a_merged_segment_is_to_another_segment():
    merged = fit_segmentation(ROWS, options(merged=(("S1", "S2", "S3", "S4"),)))
    assert merged.k == 1
    assert merged.assign(ROWS)["margin"].unique().to_list() == [0.0]


def test_a_rule_sets_key_accounts_apart():
    rules = {"Key accounts": SegmentRuleOptions(top_share=0.005)}
    found = fit_segmentation(ROWS, options(rules=rules))
    top = found.segments[-1]
    assert (top.id, top.name, top.code) == ("S5", "Key accounts", 5)
    highest = ROWS.sort("spend", descending=True)["customer_id"].head(3).to_list()
    assigned = found.assign(ROWS)
    own = assigned.filter(pl.col("segment") == 5)
    assert sorted(own["customer_id"]) == sorted(highest)
    assert own["distance"].null_count() == 3
    assert assigned["distance"].null_count() == 3
    assert found.values[5].rows == 3


def test_a_rule_of_a_least_value_is_in_currency():
    found = fit_segmentation(ROWS, options(rules={"Whales": SegmentRuleOptions(min_value=6500.0)}))
    assert found.segment_rules[0].min_value == 65_000_000


def test_a_segment_set_apart_keeps_its_id_in_a_refit():
    rules = {"Key accounts": SegmentRuleOptions(top_share=0.005)}
    first = fit_segmentation(ROWS, options(rules=rules))
    again = fit_segmentation(shop(*FOUR, seed=4), options(rules=rules), earlier=first)
    assert [(s.id, s.name) for s in again.segments][-1] == ("S5", "Key accounts")
    assert again.identity.issued_ids == 5


def test_a_merge_holds_in_a_refit_and_ids_stay():
    asked = options(merged=(("S2", "S3"),))
    first = fit_segmentation(ROWS, asked)
    again = fit_segmentation(shop(*FOUR, seed=4), asked, earlier=first)
    assert [s.id for s in again.segments] == ["S0", "S1", "S2", "S4"]
    assert [s.name for s in again.segments] == [s.name for s in first.segments]


def test_segments_that_people_merge_later_are_named_anew():
    first = fit_segmentation(ROWS, options())
    merged = fit_segmentation(ROWS, options(merged=(("S2", "S3", "S4"),)), earlier=first)
    assert [(s.id, s.name) for s in first.segments][2] == ("S2", "Regular")
    assert [(s.id, s.name) for s in merged.segments][1:] == [("S1", "Occasional"), ("S2", "Core")]


def test_weights_are_reported_with_what_they_change():
    found = fit_segmentation(ROWS, options(axis_weights={"days": 0.25}))
    assert any(n.startswith("Weights days 0.25: the adjusted Rand") for n in found.warnings)
    assert fit_segmentation(ROWS, options(axis_weights={"days": 1.0})).warnings == ()


def test_a_weight_of_zero_leaves_the_column_out():
    found = fit_segmentation(ROWS, options(axis_weights={"days": 0.0}))
    assert [axis.column for axis in found.axes] == ["spend"]


@pytest.mark.parametrize("refine", [{"merged": (("S2", "S9"),)}, {"pinned_ids": ("S9",)}])
def test_an_id_that_never_was_is_refused(refine):
    with pytest.raises(UnknownNameError, match="S9"):
        fit_segmentation(ROWS, options(**refine))


@pytest.mark.parametrize(
    "refine",
    [
        {"merged": (("S2",),)},
        {"merged": (("S1", "S2"), ("S2", "S3"))},
        {"axis_weights": {"spend": 0.0}},
        {"axis_weights": {"days": -1.0}},
        {"axis_weights": {"hats": 1.0}},
    ],
)
def test_what_cannot_be_meant_is_refused(refine):
    with pytest.raises(ConfigError, match=r"segmentation\.overrides"):
        OverrideOptions(**refine)


@pytest.mark.parametrize("rule", [{}, {"top_share": 0.7}, {"top_share": 0.1, "min_value": 5.0}])
def test_a_rule_needs_one_measure(rule):
    with pytest.raises(ConfigError, match="defined by a rule needs"):
        SegmentRuleOptions(**rule)


def test_a_json_round_trip_assigns_equal_rows():
    asked = options(merged=(("S2", "S3"),), rules={"Top": SegmentRuleOptions(top_share=0.01)})
    found = fit_segmentation(ROWS, asked)
    back = Segmentation.from_state(json.loads(json.dumps(found.to_state())))
    assert back == found
    assert back.assign(ROWS).equals(found.assign(ROWS))


def test_planted_segments_are_stable_and_one_cloud_cut_in_eight_is_not():
    found = fit_segmentation(ROWS, options())
    assert all(v.stability > 0.95 for v in found.values[1:])
    cloud = shop((100.0, 9), n=300)
    cut = fit_segmentation(cloud, SegmentationOptions(k=8, n_init=5, min_value_step=0.0))
    assert any("dissolves" in notice for notice in cut.warnings)


def test_a_hundred_equal_customers_get_one_segment():
    identical = pl.concat([ROWS, ROWS[:1].select(pl.all().repeat_by(100)).explode(pl.all())])
    rows = identical.with_columns(customer_id=pl.format("c{}", pl.int_range(pl.len())))
    assigned = fit_segmentation(rows, options()).assign(rows)
    equal = rows.with_columns(same=pl.int_range(pl.len()) >= 600).filter("same")
    found = assigned.join(equal, on="customer_id")
    assert found.height == 100
    assert found["segment"].n_unique() == 1


def test_other_ids_and_another_row_order_make_the_same_segments():
    renamed = ROWS.with_columns(customer_id=pl.format("x{}", 999 - pl.int_range(pl.len())))
    plain, other = (fit_segmentation(rows, options()) for rows in (ROWS, renamed.reverse()))
    assert other.to_state() == plain.to_state()
