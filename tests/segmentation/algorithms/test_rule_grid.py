"""The rule grid's bands: fifths that no tie can part, joined by the sum of scores."""

import numpy as np
import pytest

from segpredict.errors import ConfigError, SupportError
from segpredict.segmentation.algorithms import CLUSTERERS, WeightedPoints


def grid(matrix: np.ndarray, k: int):
    return CLUSTERERS.get("rules").fit(WeightedPoints.from_matrix(matrix), k, seed=0, n_init=1)


def test_ten_values_fall_into_fifths_of_two():
    found = grid(np.arange(10.0)[:, None], 5)
    assert found.assign(np.arange(10.0)[:, None]).tolist() == [*(0, 0, 1, 1, 2, 2, 3, 3, 4, 4)]


def test_equal_values_share_a_score_and_the_next_value_starts_higher():
    # Six of ten have one order: score 1. Sixty per cent lie below two: score 4.
    days = np.array([1.0] * 6 + [2.0, 2.0, 3.0, 9.0])[:, None]
    found = grid(days, 3)
    assert found.assignment_rule.cut_points == ((1.9999995, 2.9999995),)
    assert found.assign(days).tolist() == [0] * 6 + [1, 1, 2, 2]


def test_bands_of_the_sum_are_of_shares_as_equal_as_can_be():
    square = np.array([[a, b] for a in range(5) for b in range(5)], dtype=float)
    found = grid(square, 3)
    # The sums 0 … 8 hold 1 2 3 4 5 4 3 2 1 of 25 rows: 10, 5, 10 is less even than
    # 6, 9, 10 (or its mirror image, which comes second).
    labels = found.assign(square)
    assert np.bincount(labels).tolist() == [6, 9, 10]
    sums = square.sum(axis=1)
    assert [sums[labels == g].max() for g in range(3)] == [2.0, 4.0, 8.0]


def test_the_cut_points_are_frozen():
    found = grid(np.arange(10.0)[:, None], 2)
    assert found.assign(np.array([[-99.0], [5.0], [99.0]])).tolist() == [0, 1, 1]


def test_axes_beyond_value_and_frequency_are_not_asked():
    square = np.array([[a, b, 0.0] for a in range(5) for b in range(5)], dtype=float)
    moved = square + np.array([0.0, 0.0, 77.0])
    found = grid(square, 3)
    assert (found.assign(moved) == found.assign(square)).all()


def test_scores_beyond_their_range_are_refused():
    with pytest.raises(ConfigError, match="n_scores is 11"):
        CLUSTERERS.get("rules").with_settings({"n_scores": 11})


def test_more_bands_than_levels_are_refused():
    days = np.array([1.0] * 6 + [2.0, 2.0, 3.0, 9.0])[:, None]
    with pytest.raises(SupportError, match="has only 3 levels"):
        grid(days, 4)
