"""Two periods differ where they were made to, and not where they are alike."""

import numpy as np
import polars as pl
import pytest
from transition_rows import CHAIN, DAYS, IDS, SEGMENTS, moves, times, walk

from segpredict.analytics.transitions.periods import compare_periods
from segpredict.classifier.evaluation.bootstrap import Resampling

FIRST, SECOND = DAYS[0], DAYS[1]


def shares(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(figure="share")


def test_a_difference_is_the_second_less_the_first_with_its_interval():
    before = moves(*times((("S1", "S0"), 48), (("S1", "S1"), 32)), day=FIRST)
    after = moves(*times((("S1", "S0"), 56), (("S1", "S1"), 14)), day=SECOND, who="d")
    result = shares(
        compare_periods(pl.concat([before, after]), FIRST, SECOND, SEGMENTS, Resampling(5, 0))
    )
    row = result.filter(from_id="S1", to_id="S0").row(0, named=True)
    assert (row["n_first"], row["n_second"]) == (80, 70)
    assert row["difference"] == pytest.approx(0.2)
    # Newcombe (1998), method 10 on 56/70 − 48/80, which joins Wilson's limits
    assert row["low"] == pytest.approx(0.0524, abs=0.004)
    assert row["high"] == pytest.approx(0.3339, abs=0.004)


def test_a_planted_change_is_found_and_the_rest_is_left_alone():
    rng = np.random.default_rng(1)
    changed = CHAIN.copy()
    changed[1] = [0.6, 0.25, 0.15]
    went = pl.concat(
        [
            walk(CHAIN, 2000, 1, rng),
            walk(changed, 2000, 1, rng).with_columns(since=pl.lit(SECOND)),
        ]
    )
    result = compare_periods(went, FIRST, SECOND, SEGMENTS, Resampling(100, 0))
    cells = shares(result)
    clear = cells.filter((pl.col("low") > 0) | (pl.col("high") < 0))
    assert set(clear["from_id"]) == {"S1"}
    assert {"S0", "S1"} <= set(clear["to_id"])
    found = cells.filter(from_id="S1")["difference"].to_list()
    assert found == pytest.approx([0.2, -0.15, -0.05], abs=0.05)


def test_equal_periods_differ_in_no_more_than_a_few_of_a_hundred_shares():
    rng, outside, asked = np.random.default_rng(2), 0, 0
    for _ in range(30):
        result = compare_periods(
            walk(CHAIN, 300, 2, rng), FIRST, SECOND, SEGMENTS, Resampling(60, 0)
        )
        outside += result.filter((pl.col("low") > 0) | (pl.col("high") < 0)).height
        asked += result.height
    assert 0.01 < outside / asked < 0.08


def test_mobility_is_compared_on_the_same_draws():
    stay = [(s, s) for s in IDS for _ in range(40)]
    swap = [(a, b) for a, b in zip(IDS, ["S1", "S0", "S2"], strict=True) for _ in range(40)]
    went = pl.concat([moves(*stay, day=FIRST), moves(*swap, day=SECOND)])
    row = compare_periods(went, FIRST, SECOND, SEGMENTS, Resampling(20, 0)).row(0, named=True)
    assert row["figure"] == "mobility"
    assert (row["value_first"], row["value_second"]) == pytest.approx((0, 2 / 3))
    assert row["low"] == pytest.approx(2 / 3)


def test_the_other_way_round_the_signs_turn():
    went = walk(CHAIN, 300, 2, np.random.default_rng(3))
    there = compare_periods(went, FIRST, SECOND, SEGMENTS, Resampling(50, 0))
    back = compare_periods(went, SECOND, FIRST, SEGMENTS, Resampling(50, 0))
    assert back["difference"].to_list() == pytest.approx([-d for d in there["difference"]])
    assert back["low"].to_list() == pytest.approx([-h for h in there["high"]])


def test_rows_of_few_customers_are_marked():
    went = pl.concat(
        [moves(*[("S1", "S1")] * n, day=day) for n, day in ((30, FIRST), (29, SECOND))]
    )
    result = shares(compare_periods(went, FIRST, SECOND, SEGMENTS, Resampling(5, 0)))
    assert set(result.filter(from_id="S1")["is_small"]) == {True}
