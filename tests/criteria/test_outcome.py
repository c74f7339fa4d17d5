"""Value separation: eta squared, and an error that knows customers repeat."""

import numpy as np
import pytest

from segpredict.criteria import separation


def test_eta_squared_is_the_share_between_groups():
    values = np.array([0.0, 2.0, 4.0, 6.0])  # total 20, within 2 + 2
    found, _ = separation(values, np.array([0, 0, 1, 1]), np.arange(4))
    assert found == pytest.approx(1 - 4 / 20)


def test_equal_values_separate_nothing():
    assert separation(np.ones(4), np.array([0, 0, 1, 1]), np.arange(4)) == (0.0, 0.0)


def test_the_error_is_that_of_repeated_samples():
    rng = np.random.default_rng(0)

    def sample():
        labels = rng.integers(0, 2, 400)
        return separation(labels + rng.normal(0, 1, 400), labels, np.arange(400))

    found = np.array([sample() for _ in range(400)])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.1)


def test_rows_of_one_customer_are_no_further_news():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 200)
    values = labels + rng.normal(0, 1, 200)
    once = separation(values, labels, np.arange(200))
    thrice = separation(
        np.repeat(values, 3), np.repeat(labels, 3), np.repeat(np.arange(200), 3)
    )
    assert thrice == pytest.approx(once)
