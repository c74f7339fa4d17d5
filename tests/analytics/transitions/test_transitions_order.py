"""The test finds a planted memory, and does not find one where none is."""

import numpy as np
import polars as pl
import pytest
from transition_rows import CHAIN, SEGMENTS, moves, paths, times, walk

from segpredict.analytics.transitions.markov_order import likelihood_ratio_test, markov_order_test


def whole(result: pl.DataFrame) -> dict:
    return result.row(
        by_predicate=pl.col("since").is_null() & pl.col("segment_id").is_null(), named=True
    )


def test_the_statistic_is_worked_out_by_hand():
    # 2 Σ n ln(n / e) with e = 10 in each cell
    result, df = likelihood_ratio_test(np.array([[15.0, 5.0], [5.0, 15.0]]))
    assert result == pytest.approx(2 * (30 * np.log(1.5) + 10 * np.log(0.5)))
    assert df == 1


def test_rows_that_do_not_occur_cost_no_degrees_of_freedom():
    assert likelihood_ratio_test(np.array([[3.0, 4.0], [0.0, 0.0]])) == (0.0, 0)


def test_a_planted_memory_is_found_with_its_size():
    rng, n = np.random.default_rng(2), 3000
    before, now = rng.integers(0, 3, (2, n))
    goes_back = rng.random(n) < 0.5
    after = np.where(goes_back, before, rng.integers(0, 3, n))
    result = whole(markov_order_test(paths(np.column_stack([before, now, after])), SEGMENTS))
    # mutual information of before and after given now: ⅔ where they agree, ⅙ elsewhere
    known = 2 / 3 * np.log(2) + 1 / 3 * np.log(1 / 2)
    assert result["p_value"] < 1e-10
    assert result["accuracy_gain"] == pytest.approx(known, abs=0.02)


def test_a_chain_without_memory_is_rarely_accused():
    rng = np.random.default_rng(3)
    p = [whole(markov_order_test(walk(CHAIN, 300, 3, rng), SEGMENTS))["p_value"] for _ in range(40)]
    assert np.mean(np.array(p) < 0.05) < 0.15
    assert 0.3 < np.mean(p) < 0.7


def test_a_season_is_not_taken_for_a_memory():
    rng = np.random.default_rng(4)
    quiet = np.array([[0.9, 0.08, 0.02], [0.7, 0.2, 0.1], [0.5, 0.3, 0.2]])
    states = [rng.integers(0, 3, 4000)]
    for matrix in (CHAIN, quiet, CHAIN, quiet, CHAIN):
        cuts = matrix[states[-1]].cumsum(axis=1)
        lots = rng.random((4000, 1))
        states.append(np.minimum((lots > cuts).sum(axis=1), 2))
    assert whole(markov_order_test(paths(np.column_stack(states)), SEGMENTS))["p_value"] > 0.01


def test_the_parts_add_up():
    result = markov_order_test(walk(CHAIN, 200, 3, np.random.default_rng(6)), SEGMENTS)
    each = result.filter(pl.col("since").is_not_null() & pl.col("segment_id").is_not_null())
    total = whole(result)
    assert each["likelihood_ratio"].sum() == pytest.approx(total["likelihood_ratio"])
    assert each["degrees_of_freedom"].sum() == total["degrees_of_freedom"]
    assert each["n"].sum() == total["n"]
    assert result.height == 9 + 3 + 3 + 1


def test_who_was_no_customer_before_or_silent_for_long_is_left_out():
    rows = times((("S1", "S1", "S2"), 5), (("S2", "LAPSED", "S1"), 3), (("S0", "S2"), 4))
    assert whole(markov_order_test(moves(*rows), SEGMENTS))["n"] == 5


def test_without_any_window_before_there_is_nothing_to_test():
    assert markov_order_test(moves(("S1", "S2"), ("S1", "S1")), SEGMENTS).is_empty()
