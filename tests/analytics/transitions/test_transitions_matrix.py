"""The matrix counts every move once, and its intervals hold the truth as promised."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transition_rows import CHAIN, DAYS, IDS, SEGMENTS, moves, times, walk

from segpredict.analytics.transitions import observed_matrix
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.errors import SchemaError

CELLS = st.tuples(st.sampled_from([*IDS, "NEW", "LAPSED"]), st.sampled_from([*IDS, "ERASED"]))


def cell(table: pl.DataFrame, start: str, end: str) -> dict:
    return table.row(
        by_predicate=(pl.col("from_id") == start) & (pl.col("to_id") == end), named=True
    )


def test_moves_are_counted_with_their_share_of_the_row():
    table = observed_matrix(moves(*times((("S1", "S1"), 3), (("S1", "S2"), 1))), SEGMENTS)
    assert table.height == 9
    stay = cell(table, "S1", "S1")
    assert (stay["n"], stay["n_from"], stay["share"], stay["is_small"]) == (
        3,
        4,
        0.75,
        True,
    )
    assert cell(table, "S0", "S2")["share"] is None


def test_the_interval_of_one_period_is_that_of_jeffreys():
    table = observed_matrix(moves(*times((("S1", "S1"), 8), (("S1", "S0"), 2))), SEGMENTS)
    stay = cell(table, "S1", "S1")  # Brown, Cai and DasGupta (2001), x = 8, n = 10
    assert (round(stay["low"], 4), round(stay["high"], 4)) == (0.4972, 0.9559)
    assert cell(table, "S1", "S2")["low"] == 0.0


def test_places_beside_the_segments_stand_where_they_occur():
    table = observed_matrix(moves(("NEW", "S1"), ("LAPSED", "S0"), ("S2", "ERASED")), SEGMENTS)
    rows = table["from_id"].unique(maintain_order=True).to_list()
    columns = table["to_id"].unique(maintain_order=True).to_list()
    assert rows == ["S0", "S1", "S2", "NEW", "LAPSED"]
    assert columns == ["S0", "S1", "S2", "ERASED"]


@pytest.mark.parametrize("move", [("S1", "NEW"), ("S9", "S1"), ("ERASED", "S1")])
def test_a_move_to_or_from_nowhere_is_refused(move):
    with pytest.raises(SchemaError, match="ids of no segment"):
        observed_matrix(moves(move), SEGMENTS)


def test_a_row_of_thirty_is_not_thin():
    table = observed_matrix(moves(*times((("S1", "S1"), 30), (("S2", "S2"), 29))), SEGMENTS)
    assert not cell(table, "S1", "S1")["is_small"]
    assert cell(table, "S2", "S2")["is_small"]


def test_a_planted_matrix_is_recovered():
    went = walk(CHAIN, 4000, 3, np.random.default_rng(1))
    table = observed_matrix(went, SEGMENTS, Resampling(50, 0))
    shares = table["share"].to_numpy().reshape(3, 3)
    assert np.abs(shares - CHAIN).max() < 0.02


def test_customers_who_never_change_widen_the_pooled_interval():
    # Ten customers of thirty leave in each of three periods: the same ten.
    same = [("S1", "S0")] * 10 + [("S1", "S1")] * 20
    pooled = pl.concat([moves(*same, day=day) for day in DAYS[:3]])
    once = observed_matrix(moves(*same), SEGMENTS)
    thrice = observed_matrix(pooled, SEGMENTS)
    narrow, wide = (cell(t, "S1", "S0") for t in (once, thrice))
    assert wide["high"] - wide["low"] == pytest.approx(narrow["high"] - narrow["low"], rel=0.1)


def test_where_everybody_went_the_pooled_interval_is_not_a_point():
    pooled = pl.concat([moves(*[("S1", "S1")] * 40, day=day) for day in DAYS[:2]])
    stay = cell(observed_matrix(pooled, SEGMENTS), "S1", "S1")
    assert stay["high"] == 1.0
    assert 0.9 < stay["low"] < 1.0


def test_ninety_five_of_a_hundred_intervals_hold_the_truth():
    rng, hits, asked = np.random.default_rng(7), 0, 0
    for _ in range(60):
        table = observed_matrix(walk(CHAIN, 150, 1, rng), SEGMENTS)
        truth = pl.Series(CHAIN.ravel())
        hits += int(((table["low"] <= truth) & (truth <= table["high"])).sum())
        asked += table.height
    assert 0.93 < hits / asked < 0.98


def test_ninety_five_of_a_hundred_pooled_intervals_hold_the_truth():
    rng, hits, asked = np.random.default_rng(8), 0, 0
    truth = pl.Series(CHAIN.ravel())
    for _ in range(50):
        table = observed_matrix(walk(CHAIN, 150, 3, rng), SEGMENTS, Resampling(200, 0))
        hits += int(((table["low"] <= truth) & (truth <= table["high"])).sum())
        asked += table.height
    assert 0.91 < hits / asked < 0.98


@given(st.lists(CELLS, max_size=40))
def test_every_customer_is_counted_once_and_shares_add_up(went):
    table = observed_matrix(moves(*went), SEGMENTS)
    assert table["n"].sum() == len(went)
    sums = table.drop_nulls("share").group_by("from_id").agg(pl.col("share").sum())
    assert all(abs(total - 1) < 1e-9 for total in sums["share"])
    inside = pl.col("share").is_between(pl.col("low") - 1e-12, pl.col("high") + 1e-12)
    assert table.filter(~inside).is_empty()


@given(st.lists(CELLS, min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_customers_changes_nothing(went, random):
    whole = pl.concat([moves(*went), moves(*went[::-1], day=DAYS[1])])
    rows = list(range(whole.height))
    random.shuffle(rows)
    result = observed_matrix(whole, SEGMENTS, Resampling(20, 0))
    assert observed_matrix(whole[rows], SEGMENTS, Resampling(20, 0)).equals(result)
