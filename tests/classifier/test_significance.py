import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.classifier.evaluation.significance import (
    holm_adjust,
    mcnemar_tests,
    two_sided_p_value,
)


def test_holm_multiplies_by_what_is_left_and_never_falls():
    # 0.01·4, 0.02·3, 0.02·2 raised to 0.06, 0.9·1.
    found = holm_adjust({"a": 0.9, "b": 0.02, "c": 0.01, "d": 0.02})
    assert found == pytest.approx({"a": 0.9, "b": 0.06, "c": 0.04, "d": 0.06})
    assert list(found) == ["a", "b", "c", "d"]


@given(st.lists(st.floats(0, 1), max_size=12))
def test_an_adjusted_value_is_no_smaller_and_keeps_the_order(values):
    given_values = {str(i): v for i, v in enumerate(values)}
    found = holm_adjust(given_values)
    assert all(v <= found[n] <= 1 for n, v in given_values.items())
    ranked = sorted(given_values, key=lambda n: (given_values[n], n))
    assert [found[n] for n in ranked] == sorted(found.values())


def test_an_equal_pair_has_p_one_and_a_sure_one_p_zero():
    assert two_sided_p_value(0.0, np.zeros(100)) == 1
    assert two_sided_p_value(0.1, np.full(100, 0.1)) == 0


def test_mcnemar_is_the_exact_binomial_test_of_who_alone_was_right():
    labels = np.zeros(12, dtype=np.int64)
    right, wrong = [1.0, 0.0], [0.0, 1.0]
    model = np.array([right] * 9 + [wrong] * 3)
    other = np.array([wrong] * 8 + [right] * 2 + [wrong] * 2)
    (found,) = mcnemar_tests({"model": model, "other": other}, labels)
    assert (found.only_model, found.only_baseline) == (8, 1)
    # Of nine, one or fewer or eight or more: 2·(1 + 9) / 2⁹.
    assert found.p_value == pytest.approx(20 / 512)
    assert found.p_value_holm == found.p_value


def test_mcnemar_of_equal_forecasts_says_nothing():
    probabilities = np.array([[0.6, 0.4]] * 5)
    (found,) = mcnemar_tests({"a": probabilities, "b": probabilities}, np.zeros(5, dtype=np.int64))
    assert found.p_value == 1
