"""Predicted matrices add up, and their intervals are as wide as earlier errors."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transition_rows import CHAIN, DAYS, IDS, SEGMENTS, moves, times

from segpredict.analytics.transitions import observed_matrix
from segpredict.analytics.transitions.expected import (
    EXPECTED_MATRIX_SCHEMA,
    expected_matrix,
    forecast_dispersion,
    unmodelled_rows,
)


def at(table: pl.DataFrame, day=DAYS[0]) -> pl.DataFrame:
    return table.select(pl.lit(day).alias("since"), "*")


def drawn(
    rng: np.random.Generator, customers: int, shock: float = 0.0
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return predicted and actual counts; a shock moves all customers alike."""
    codes = rng.integers(0, 3, customers)
    probabilities = np.array([rng.dirichlet(8 * CHAIN[code]) for code in codes])
    tilt = np.exp(shock * rng.normal() * np.arange(3))
    real = probabilities * tilt / (probabilities * tilt).sum(axis=1, keepdims=True)
    ends = (rng.random((customers, 1)) > real.cumsum(axis=1)).sum(axis=1)
    pairs = [(IDS[a], IDS[min(b, 2)]) for a, b in zip(codes, ends, strict=True)]
    result = expected_matrix(pl.Series([IDS[code] for code in codes]), probabilities, SEGMENTS)
    return at(result), at(observed_matrix(moves(*pairs), SEGMENTS))


def test_counts_are_sums_of_chances():
    result = expected_matrix(
        pl.Series(["S1", "S1", "S2"]),
        np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7], [0.0, 0.0, 1.0]]),
        SEGMENTS,
    )
    assert dict(result.schema) == dict(EXPECTED_MATRIX_SCHEMA)
    assert result["n"].to_list() == pytest.approx([0, 0, 0, 0.6, 0.7, 0.7, 0, 0, 1.0])
    assert result["n_from"].to_list() == [0, 0, 0, 2, 2, 2, 1, 1, 1]
    assert result.filter(from_id="S1")["share"].to_list() == pytest.approx([0.3, 0.35, 0.35])
    assert result.filter(from_id="S0")["share"].to_list() == [None] * 3
    assert result["sd"][3] == pytest.approx(np.sqrt(0.5 * 0.5 + 0.1 * 0.9))


def test_a_sample_stands_for_all_customers():
    starts, chances = pl.Series(["S1", "S1"]), np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7]])
    sample = expected_matrix(starts, chances, SEGMENTS, weight=50.0)
    everybody = expected_matrix(pl.concat([starts] * 50), np.tile(chances, (50, 1)), SEGMENTS)
    for column in ("n", "n_from", "sd", "low", "high"):
        known = everybody[column].to_list()
        assert sample[column].to_list() == pytest.approx(known, nan_ok=True), column


def test_what_is_certain_has_no_width_beyond_half_a_customer():
    result = expected_matrix(pl.Series(["S2"] * 50), np.tile([0.0, 0.0, 1.0], (50, 1)), SEGMENTS)
    sure = result.filter(from_id="S2", to_id="S2").row(0, named=True)
    assert (sure["low"], sure["high"]) == (0.99, 1.0)


def test_the_interval_is_that_of_the_exact_law_of_the_sum():
    probabilities = np.random.default_rng(1).beta(1, 6, 120)
    law = np.ones(1)
    for p in probabilities:
        law = np.convolve(law, [1 - p, p])
    result = expected_matrix(
        pl.Series(["S1"] * 120),
        np.column_stack([1 - probabilities, probabilities, 0 * probabilities]),
        SEGMENTS,
    ).filter(from_id="S1", to_id="S1")
    low, high = (round(120 * result[end][0], 6) for end in ("low", "high"))
    inside = law[int(np.ceil(low)) : int(np.floor(high)) + 1].sum()
    assert 0.95 <= inside < 0.98


def test_independent_customers_have_a_dispersion_of_one():
    rng = np.random.default_rng(2)
    days = [DAYS[0] + timedelta(i) for i in range(30)]
    pairs = [[at(part.drop("since"), day) for part in drawn(rng, 600)] for day in days]
    result, actual = (pl.concat(side) for side in zip(*pairs, strict=True))
    assert forecast_dispersion(result, actual) == pytest.approx(1.0, abs=0.15)


def test_a_shock_that_moves_all_alike_shows_in_the_dispersion_and_widens():
    rng = np.random.default_rng(3)
    assert np.mean([forecast_dispersion(*drawn(rng, 600, 0.4)) for _ in range(10)]) > 3
    starts, probabilities = pl.Series(["S1"] * 100), np.tile([0.3, 0.4, 0.3], (100, 1))
    plain, wide = (
        expected_matrix(starts, probabilities, SEGMENTS, spread) for spread in (1.0, 4.0)
    )
    widths = [
        100 * (t["high"][3] - t["low"][3]) - 1  # half a customer on either side
        for t in (plain, wide)
    ]
    assert widths[1] == pytest.approx(2 * widths[0])


def test_where_nothing_can_be_compared_dispersion_is_one():
    result, actual = drawn(np.random.default_rng(4), 200)
    assert forecast_dispersion(result, actual.with_columns(since=pl.lit(DAYS[1]))) == 1.0


def test_intervals_hold_ninety_five_of_a_hundred_counts_of_independent_customers():
    rng, hits, asked = np.random.default_rng(5), 0, 0
    for _ in range(30):
        result, actual = drawn(rng, 400)
        share = actual["share"]
        hits += int(((result["low"] <= share) & (share <= result["high"])).sum())
        asked += 9
    assert 0.94 < hits / asked <= 0.99


def test_the_new_and_the_silent_come_as_they_came_before():
    rows = times(
        (("NEW", "S1"), 6),
        (("NEW", "S2"), 2),
        (("LAPSED", "S0"), 9),
        (("LAPSED", "S1"), 1),
    )
    result = unmodelled_rows(
        observed_matrix(moves(*rows), SEGMENTS), {"NEW": 40.0, "LAPSED": 100.0}
    )
    assert result.filter(from_id="NEW")["n"].to_list() == [0, 30, 10]
    assert result.filter(from_id="LAPSED")["n"].to_list() == [90, 10, 0]
    assert result["low"].null_count() == result.height
    assert set(result["basis"]) == {"naive"}


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1), st.floats(0, 1)), max_size=30))
def test_predicted_counts_add_up_to_the_customers_in_any_order(given_rows):
    starts = [IDS[code] for code, *_ in given_rows]
    probabilities = np.array([[a, (1 - a) * b, (1 - a) * (1 - b)] for _, a, b in given_rows])
    probabilities = probabilities.reshape(len(starts), 3)
    result = expected_matrix(pl.Series(starts, dtype=pl.String), probabilities, SEGMENTS)
    sums = result.group_by("from_id", maintain_order=True).agg(pl.col("n").sum())["n"]
    assert sums.to_list() == pytest.approx([starts.count(i) for i in IDS], abs=1e-9)
    back = expected_matrix(pl.Series(starts[::-1], dtype=pl.String), probabilities[::-1], SEGMENTS)
    assert back.equals(result)
