"""Plain forecasts, against figures worked out by hand."""

import numpy as np
import pytest

from segpredict.analytics.demand import croston_sba, exponential_smoothing


def test_smoothing_moves_a_tenth_of_the_way_each_week() -> None:
    weeks = np.array([[0.0] * 13 + [10.0, 10.0]])
    assert exponential_smoothing(weeks)[0] == pytest.approx(1.9)


def test_croston_splits_size_from_interval() -> None:
    # Sizes 4, 4, 14: 4, then 4 + .1 · 10 = 5. Intervals 2, 4: 2, then 2 + .1 · 2 = 2.2.
    weeks = np.array([[4.0, 0, 4, 0, 0, 0, 14]])
    assert croston_sba(weeks)[0] == pytest.approx(0.95 * 5 / 2.2)


def test_weeks_before_the_first_sale_do_not_count() -> None:
    late = np.array([[0.0] * 20 + [6, 0, 6, 0, 6]])
    assert croston_sba(late)[0] == pytest.approx(croston_sba(late[:, 20:])[0])


def test_one_sale_long_ago_promises_little() -> None:
    weeks = np.array([[8.0] + [0.0] * 19, [0.0] * 20])
    assert croston_sba(weeks).tolist() == pytest.approx([0.95 * 8 / 20, 0.0])


def test_without_a_week_nothing_is_expected() -> None:
    none = np.zeros((2, 0))
    assert exponential_smoothing(none).tolist() == croston_sba(none).tolist() == [0.0, 0.0]
