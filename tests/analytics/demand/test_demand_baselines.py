"""Plain forecasts, against figures worked out by hand."""

import numpy as np
import pytest

from segpredict.analytics.demand.forecast import exponential_smoothing


def test_smoothing_moves_a_tenth_of_the_way_each_week() -> None:
    weeks = np.array([[0.0] * 13 + [10.0, 10.0]])
    assert exponential_smoothing(weeks)[0] == pytest.approx(1.9)


def test_without_a_week_nothing_is_expected() -> None:
    none = np.zeros((2, 0))
    assert exponential_smoothing(none).tolist() == [0.0, 0.0]
