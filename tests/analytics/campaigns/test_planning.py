"""What stands behind a play, counted by hand on a few customers."""

import numpy as np
import polars as pl
import pytest
from crowd import SEGMENTS, crowd, many

from segpredict.analytics.campaigns import Campaign, CampaignPopulation, plan_campaigns
from segpredict.analytics.campaigns.catalogue import EligibilityRule
from segpredict.analytics.campaigns.planning import CAMPAIGN_PLAN_SCHEMA, bootstrap_sum_interval
from segpredict.analytics.campaigns.sample_size import (
    ErrorRates,
    minimum_detectable_share,
    sample_size_for_mean,
    sample_size_for_share,
)
from segpredict.config.outputs import CampaignOptions

CAME = pl.DataFrame(
    [
        ("value_at_risk", "S2", "2011-06-11", 100.0, 80.0),
        ("value_at_risk", "S2", "2011-09-10", 100.0, 60.0),
        ("value_at_risk", "S2", "pooled", 200.0, 140.0),
        ("value_at_risk", "S3", "2011-06-11", 900.0, 9.0),
        ("upside", "S2", "2011-06-11", 10.0, 20.0),
    ],
    ["measure", "part", "window", "predicted", "actual"],
    orient="row",
)
PLAY = Campaign("hold", "Hold", "Call.", EligibilityRule(segment_roles=("middle",)))
OPTIONS = CampaignOptions()


def earlier(n: int = 40) -> pl.DataFrame:
    """Return n customers of whom a quarter buys, an eighth stays, and none rises."""
    number = pl.int_range(n, dtype=pl.Int64)
    return many(n).with_columns(
        as_of=pl.lit("2011-09-10"),
        code=pl.lit(2),
        label=pl.when(number % 8 == 0).then(2).otherwise(1),
        bought=number % 4 == 0,
        before=(number % 2).cast(pl.Float64) * 10,
        spent=(number % 4 == 0).cast(pl.Float64) * 20,
    )


def shop(now: pl.DataFrame, then: pl.DataFrame | None = None) -> CampaignPopulation:
    return CampaignPopulation(now, then, SEGMENTS, CAME, 91)


def row(play: Campaign = PLAY, n: int = 100, then: pl.DataFrame | None = None) -> dict:
    return plan_campaigns([play], shop(many(n), then), OPTIONS, 200, 0).to_dicts()[0]


def test_the_sum_is_that_of_the_eligible() -> None:
    others = many(10, "S3", "S3").with_columns(customer_id="x" + pl.col("customer_id"))
    now = pl.concat([many(10), others])
    found = plan_campaigns([PLAY], shop(now), OPTIONS, 200, 0)
    assert (found["n"][0], found["value_at_stake"][0]) == (10, 55.0)


def test_the_interval_holds_the_sum_and_agrees_with_the_closed_form() -> None:
    found = row(n=400)
    assert found["low"] < found["value_at_stake"] < found["high"]
    amounts = np.arange(1.0, 401)
    spread = 1.96 * np.sqrt(400 * amounts.var())
    assert found["high"] - found["value_at_stake"] == pytest.approx(spread, rel=0.15)


def test_lots_of_a_large_shop_give_the_same_interval() -> None:
    amounts = np.round(np.random.default_rng(0).gamma(2.0, 1000.0, 20_000))
    low, high = bootstrap_sum_interval(amounts, 1000, 1)
    spread = 1.96 * np.sqrt(len(amounts) * amounts.var()) / 100
    assert (high - low) / 2 == pytest.approx(spread, rel=0.1)


def test_what_came_is_the_range_over_the_tests_of_its_segments() -> None:
    found = row()
    assert (found["backtest_low"], found["backtest_high"]) == (0.6, 0.8)


def test_without_a_test_nothing_is_said_to_have_come() -> None:
    given = CampaignPopulation(many(10), None, SEGMENTS, CAME.clear(), 91)
    found = plan_campaigns([PLAY], given, OPTIONS, 200, 0).to_dicts()[0]
    assert found["backtest_low"] is None
    assert found["per_arm"] is None


def test_the_base_is_counted_of_those_eligible_at_the_last_test() -> None:
    found = row(then=earlier())
    assert (found["backtest_date"], found["n_backtest"], found["base_rate"]) == (
        "2011-09-10",
        40,
        0.25,
    )
    assert found["per_arm"] == sample_size_for_share(0.25, 0.05)
    assert found["detectable_uplift"] == minimum_detectable_share(0.25, 50, 50)
    assert found["detectable_uplift_holdout"] == minimum_detectable_share(0.25, 10, 90)
    assert found["windows"] == -(-2 * found["per_arm"] // 100)
    assert found["days"] == 91 * found["windows"]


@pytest.mark.parametrize(("kpi", "base"), [("buys", 0.25), ("stays", 0.125), ("rises", 0)])
def test_each_share_is_counted_as_it_says(kpi: str, base: float) -> None:
    play = Campaign("hold", "Hold", "Call.", EligibilityRule(segment_roles=("middle",)), kpi=kpi)  # type: ignore[arg-type]
    assert row(play, then=earlier())["base_rate"] == base


def test_spend_is_planned_with_the_spend_before_taken_out() -> None:
    play = Campaign("p", "P", "Do.", EligibilityRule(), kpi="spends", expected_uplift=0.5)
    found = row(play, then=earlier())
    spent = np.tile([20.0, 0, 0, 0], 10)
    rho = np.corrcoef(np.tile([0.0, 10], 20), spent)[0, 1]
    assert found["base_rate"] == found["spend"] == 5.0
    assert found["spend_correlation"] == pytest.approx(rho)
    sd = spent.std(ddof=1)
    assert found["per_arm"] == sample_size_for_mean(sd, 2.5, rho, ErrorRates())
    assert found["spend_per_arm_unadjusted"] == sample_size_for_mean(sd, 2.5) > found["per_arm"]


def test_too_few_at_the_last_test_give_no_rate() -> None:
    found = row(then=earlier(29))
    assert (found["n_backtest"], found["base_rate"], found["per_arm"]) == (29, None, None)


def test_of_fewer_than_five_nothing_but_the_number_is_told() -> None:
    found = row(n=4, then=earlier())
    result = {"campaign", "title", "action", "caution", "stake_column", "kpi", "n", "uplift"}
    assert {name for name, value in found.items() if value is not None} == result


def test_plays_are_ranked_by_what_is_likely_to_come() -> None:
    large = Campaign("large", "L", "l", EligibilityRule(), stake_column="upside")
    whole = Campaign("whole", "W", "w", EligibilityRule(), stake_column="expected_value")
    now = many(100, upside=30.5)  # 3,050, of which all came; 5,050 at risk, of 60 %
    found = plan_campaigns([PLAY, whole, large], shop(now), OPTIONS, 200, 0)
    assert dict(found.select("campaign", "rank").iter_rows()) == {
        "hold": 2,
        "whole": None,
        "large": 1,
    }


def test_row_order_changes_no_bit() -> None:
    now = many(300, value_at_risk=0.1)
    one = plan_campaigns([PLAY], shop(now, earlier()), OPTIONS, 200, 0)
    other = plan_campaigns([PLAY], shop(now[::-1], earlier()[::-1]), OPTIONS, 200, 0)
    assert one.equals(other)


def test_no_play_is_an_empty_table() -> None:
    assert (
        plan_campaigns([], shop(crowd(*many(5).to_dicts())), OPTIONS, 10, 0).schema
        == CAMPAIGN_PLAN_SCHEMA
    )
