"""Bisecting cuts the loosest group, and a row follows the cuts."""

import numpy as np

from segpredict.clustering import CLUSTERERS, Points, Rule
from segpredict.clustering._halves import Halves

FOUR = np.array([[0.0], [1.0], [10.0], [11.0], [30.0], [31.0], [100.0], [101.0]])


def cut(matrix: np.ndarray, k: int):
    return CLUSTERERS.get("bisecting").fit(Points.of(matrix), k, seed=0, n_init=3)


def test_the_loosest_group_is_cut_first():
    assert cut(FOUR, 2).assign(FOUR).tolist() == [0, 0, 0, 0, 0, 0, 1, 1]
    assert cut(FOUR, 3).assign(FOUR).tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    assert cut(FOUR, 4).assign(FOUR).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_row_follows_the_cuts_though_another_group_is_nearer():
    # The first cut lies half-way between 13.8, the mean of six, and 100.5: at 57.2.
    # So 60 is beyond it, though nearer to 30.5 than to 100.5.
    found = cut(FOUR, 3)
    assert found.assign(np.array([[57.0], [60.0]])).tolist() == [1, 2]


def test_groups_can_be_renumbered_and_stored():
    rule = Halves(np.array([[[0.0], [9.0]], [[8.0], [12.0]]]), ((-1, 1), (-2, -3)))
    asked = np.array([[1.0], [8.0], [12.0]])
    turned = rule.ordered([2, 0, 1])
    assert turned.assign(asked).tolist() == [1, 2, 0]
    assert Rule.from_state(turned.state()) == turned


def test_a_single_place_is_never_cut():
    matrix = np.array([[0.0]] * 90 + [[5.0]] * 90 + [[5.1]])
    assert cut(matrix, 3).assign(np.array([[0.0], [5.0], [5.1]])).tolist() == [0, 1, 2]
