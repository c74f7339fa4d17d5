"""Agreement of groupings, against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from segpredict.segmentation.selection.stability import (
    adjusted_rand_index,
    best_match_jaccard,
    contingency_table,
    prediction_strength_of_table,
)

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(1, 4)), min_size=2, max_size=40
)


@given(ROWS)
def test_a_row_of_weight_w_counts_as_w_rows(rows):
    first, second, weights = (np.array(column) for column in zip(*rows, strict=True))
    ours = adjusted_rand_index(contingency_table(first, second, weights))
    spread = np.repeat(first, weights), np.repeat(second, weights)
    assert ours == pytest.approx(adjusted_rand_score(*spread), abs=1e-9)


@given(ROWS)
def test_names_of_groups_do_not_matter(rows):
    first, second, weights = (np.array(column) for column in zip(*rows, strict=True))
    table = contingency_table(first, second, weights)
    assert adjusted_rand_index(table) == pytest.approx(adjusted_rand_index(table[::-1, ::-1]))


def test_jaccard_is_shared_rows_over_rows_in_either():
    table = np.array([[8.0, 2.0], [0.0, 10.0]])
    assert best_match_jaccard(table).tolist() == [8 / 10, 10 / 12]


def test_strength_is_that_of_the_worst_group():
    table = np.array([[5.0, 0.0], [2.0, 2.0]])  # of six pairs, two stay together
    assert prediction_strength_of_table(table) == pytest.approx(2 / 6)


def test_groups_of_one_row_say_nothing_of_strength():
    assert prediction_strength_of_table(np.array([[3.0, 0.0], [0.0, 1.0]])) == 1.0
