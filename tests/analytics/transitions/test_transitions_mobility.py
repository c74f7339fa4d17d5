"""Mobility is 0 where nobody moves, known where the matrix is, and sure as it says."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from transition_rows import CHAIN, DAYS, SEGMENTS, moves, times, walk

from segpredict.analytics.transitions import mobility_by_period
from segpredict.analytics.transitions.matrix import mobility_index
from segpredict.classifier.evaluation.bootstrap import Resampling

MATRICES = arrays(np.float64, (4, 4), elements=st.floats(0.01, 1)).map(
    lambda given: given / given.sum(axis=1, keepdims=True)
)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_where_everybody_stays_mobility_is_zero(size):
    assert mobility_index(np.eye(size)) == 0.0


@pytest.mark.parametrize(
    ("order", "known"),
    [
        ([1, 0], 1.0),  # singular values 2, 0
        ([1, 2, 0], 2 * math.sqrt(3) / 3),  # |e^(2πi/3) − 1| = √3, twice
        ([1, 2, 3, 0], (2 + 2 * math.sqrt(2)) / 4),  # √2, 2, √2, 0
        ([1, 0, 2], 2 / 3),
    ],
)
def test_a_permutation_has_the_mobility_of_its_circles(order, known):
    assert mobility_index(np.eye(len(order))[order]) == pytest.approx(known)


def test_two_segments_have_the_closed_form():
    matrix = np.array([[0.8, 0.2], [0.3, 0.7]])
    assert mobility_index(matrix) == pytest.approx(math.sqrt((0.2**2 + 0.3**2) / 2))


def test_an_empty_row_has_no_mobility():
    assert math.isnan(mobility_index(np.array([[1.0, 0.0], [np.nan, np.nan]])))
    result = mobility_by_period(moves(("S1", "S1")), SEGMENTS, Resampling(5, 0)).row(0, named=True)
    assert result["mobility"] is None
    assert result["is_small"]


@given(MATRICES, st.permutations(range(4)))
def test_the_names_of_the_segments_change_nothing(matrix, order):
    renamed = matrix[np.ix_(order, order)]
    assert mobility_index(renamed) == pytest.approx(float(mobility_index(matrix)), abs=1e-9)


@given(MATRICES, st.floats(0, 1))
def test_staying_more_often_lowers_mobility_in_proportion(matrix, keep):
    lazy = keep * np.eye(4) + (1 - keep) * matrix
    assert mobility_index(lazy) == pytest.approx(
        (1 - keep) * float(mobility_index(matrix)), abs=1e-9
    )


def test_each_period_has_its_own_and_the_new_are_no_part_of_it():
    calm = moves(*times(*(((s, s), 30) for s in ("S0", "S1", "S2"))), ("NEW", "S1"))
    swap = [(("S0", "S1"), 30), (("S1", "S0"), 30), (("S2", "S2"), 30)]
    result = mobility_by_period(
        pl.concat([calm, moves(*times(*swap), day=DAYS[1])]), SEGMENTS, Resampling(20, 0)
    )
    assert result["mobility"].to_list() == pytest.approx([0.0, 2 / 3])
    assert result["share_staying"].to_list() == pytest.approx([1.0, 1 / 3])
    assert result["n"].to_list() == [90, 90]
    assert result.row(0, named=True)["high"] == 0.0


def test_ninety_five_of_a_hundred_intervals_hold_the_truth():
    rng, truth = np.random.default_rng(5), float(mobility_index(CHAIN))
    hits = asked = 0
    for _ in range(40):
        result = mobility_by_period(walk(CHAIN, 200, 3, rng), SEGMENTS, Resampling(100, 0))
        hits += int(((result["low"] <= truth) & (truth <= result["high"])).sum())
        asked += result.height
    assert 0.91 < hits / asked < 0.99
