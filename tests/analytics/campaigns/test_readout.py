"""What a readout says, and when it says nothing."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from segpredict.analytics.campaigns import (
    CampaignReadout,
    ReadoutCosts,
    ReadoutLook,
    read_out,
)

LAST = ReadoutLook(1, "2024-01-01", 1.0, 0.05)
RECORD = {
    "campaign": "call",
    "kpi": "buys",
    "readout": "2024-01-01",
    "planned": {"uplift": 0.1},
    "forecasts": True,
}


def customers(treated: int, control: int, effect: float = 0.0, **change: Any) -> pl.DataFrame:
    """Return two arms; `effect` is the share of the treated who buy beyond half of all."""
    n = treated + control
    rng = np.random.default_rng(7)
    is_treated = np.arange(n) < treated
    bought = (np.arange(n) % 100) < 50 + 100 * effect * is_treated
    rows = {
        "customer_id": [f"c{i}" for i in range(n)],
        "arm": np.where(is_treated, "treatment", "campaign holdout"),
        "segment_id": ["S1", "S2"] * (n // 2) + ["S1"] * (n % 2),
        "segment": ["Low", "High"] * (n // 2) + ["Low"] * (n % 2),
        "expected_value": rng.gamma(2, 10, n),
        "p_purchase": rng.random(n),
        "is_found": [True] * n,
        "purchase_rate": bought.astype(float),
        "orders": bought * 2.0,
        "revenue": bought * 30.0,
    }
    frame = pl.DataFrame(rows | {k: v for k, v in change.items() if k != "is_contacted"})
    given = change.get("is_contacted")
    return frame.with_columns(pl.Series("is_contacted", given or [None] * n, pl.Boolean))


def result(rows: pl.DataFrame, look: ReadoutLook | None = LAST, **change: Any) -> CampaignReadout:
    costs = change.pop("costs", ReadoutCosts())
    return read_out("0001-call", RECORD | change, rows, look, costs)


def test_a_planted_effect_is_found_and_stands_beside_the_plan() -> None:
    found = result(customers(1000, 1000, effect=0.2))
    assert found.status == "complete"
    main = found.main_effect
    assert main is not None
    assert main.unadjusted.difference == pytest.approx(0.2)
    assert main.planned == 0.1
    assert main.adjusted.low < 0.2 < main.adjusted.high
    assert "an effect" in found.sentence
    assert found.sentence.startswith("Share who buy +")


def test_where_nothing_happened_chance_is_named() -> None:
    assert "no effect can be told from chance" in result(customers(500, 500)).sentence


def test_no_control_group_no_claim() -> None:
    found = result(customers(1000, 0, effect=0.2))
    assert (found.status, found.effects, found.returns) == ("none", (), None)
    assert "without a control group" in found.sentence


@pytest.mark.parametrize(("treated", "control"), [(100, 4), (4, 100)])
def test_a_handful_of_customers_is_no_arm(treated: int, control: int) -> None:
    found = result(customers(treated, control))
    assert found.status == "none"
    assert "only 4 customers" in found.sentence


def test_a_list_of_known_customers_is_read_out_where_they_were_drawn() -> None:
    assert "on an earlier one" in result(customers(10, 10).clear()).sentence


def test_before_the_window_there_is_nothing_to_read() -> None:
    assert "has not begun" in result(customers(100, 100), None).sentence
    early = ReadoutLook(1, "2023-10-05", 0.02, 0.0)
    assert result(customers(100, 100), early).sentence.startswith("Too early")


def test_lost_customers_void_the_result() -> None:
    rows = customers(1000, 1000, effect=0.2)
    lost = rows.with_columns(
        is_found=~((pl.col("arm") == "treatment") & (pl.int_range(pl.len()) < 200))
    )
    found = result(lost)
    assert found.status == "none"
    assert "Sample ratio mismatch" in found.sentence
    assert "No claim" in found.sentence


def test_an_early_look_is_wider_and_says_so() -> None:
    rows = customers(500, 500, effect=0.1)
    early = result(rows, ReadoutLook(1, "2023-11-15", 0.5, 0.0056))
    last = result(rows)
    assert early.status == "early"
    assert "early look at 50%" in early.sentence
    assert early.main_effect is not None
    assert last.main_effect is not None
    assert early.main_effect.adjusted.low < last.main_effect.adjusted.low


def test_segments_are_read_only_where_planned_and_share_the_level() -> None:
    rows = customers(500, 500, effect=0.1)
    assert result(rows).segments == ()
    found = result(rows, by_segment=True)
    assert {effect.group for effect in found.segments} == {"Low", "High"}
    assert {effect.adjusted.level for effect in found.segments} == {0.975}


def test_the_return_is_the_effect_on_all_treated_over_what_contacts_cost() -> None:
    contacted = [i < 400 for i in range(1000)]
    rows = customers(500, 500, effect=0.2, is_contacted=contacted)
    found = result(rows, costs=ReadoutCosts(per_contact=2.0, margin=0.5))
    returns, revenue = found.returns, found.effects[2].adjusted
    assert returns is not None
    assert returns.cost == 800.0
    assert returns.incremental_revenue == pytest.approx(revenue.difference * 500)
    assert returns.roi == pytest.approx((returns.incremental_revenue * 0.5 - 800) / 800)
    assert found.treatment.contacted == 400
    assert any("100 of the treatment arm were not contacted" in note for note in found.notes)


def test_contacted_controls_are_told() -> None:
    rows = customers(50, 50, is_contacted=[i < 60 for i in range(100)])
    assert any("10 of the control group were contacted" in n for n in result(rows).notes)


def test_an_older_record_without_forecasts_is_read_without_adjustment() -> None:
    rows = customers(500, 500, effect=0.2).drop("p_purchase", "expected_value")
    found = result(rows, forecasts=None)
    assert found.main_effect is not None
    assert found.main_effect.adjusted == found.main_effect.unadjusted
    assert any("no forecasts" in note for note in found.notes)


def test_planned_uplift_of_spend_is_a_share_of_the_controls() -> None:
    found = result(customers(500, 500), kpi="spends")
    main = found.main_effect
    assert main is not None
    assert main.outcome == "revenue"
    assert main.planned == pytest.approx(0.1 * main.unadjusted.control)


def test_where_few_buy_there_is_no_claim_but_a_reason() -> None:
    rows = customers(200, 8).with_columns(
        bought := (pl.int_range(pl.len()) < 18).cast(pl.Float64).alias("purchase_rate"),
        orders=bought,
        revenue=bought * 9,
    )
    found = result(rows)
    assert (found.status, found.effects, found.returns) == ("none", (), None)
    assert "expects fewer than 5 customers who buy" in found.sentence


def test_a_complete_window_is_never_said_to_be_open() -> None:
    found = result(customers(100, 100), kpi="rises")
    assert found.status == "none"
    assert "does not hold the segments" in found.sentence
    early = result(customers(100, 100), ReadoutLook(1, "2023-11-15", 0.5, 0.0056), kpi="rises")
    assert (early.status, "when the window is over" in early.sentence) == ("early", True)


def test_a_mismatch_shows_no_figures() -> None:
    rows = customers(1000, 1000, effect=0.2)
    lost = rows.with_columns(is_found=pl.int_range(pl.len()) >= 200)
    found = result(lost, by_segment=True, costs=ReadoutCosts(1.0))
    assert (found.effects, found.segments, found.returns) == ((), (), None)


def test_the_drawn_sizes_are_the_planned_ones_whatever_a_setting_says() -> None:
    found = result(customers(900, 100), control_share=0.5)
    assert found.sample_ratio_p_value == 1
    assert found.status == "complete"


def test_each_outcome_that_is_not_adjusted_is_named() -> None:
    found = result(customers(500, 500).with_columns(expected_value=pl.lit(1.0)))
    assert [effect.is_adjusted for effect in found.effects] == [True, False, False]
    named = [note.split(":")[0] for note in found.notes if "not adjusted" in note]
    assert named == ["Orders", "Revenue"]
