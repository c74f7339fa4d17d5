"""Revenue at risk and upside, by hand and by law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.customer_value import expected_segment_value, risk_and_upside

VALUES = (0.0, 10.0, 40.0)


def test_each_fall_costs_the_difference_of_the_means():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6]])
    risk, upside = risk_and_upside(probabilities, np.array([2, 1, 0]), VALUES)
    # 0.5 · 40 + 0.3 · 30; 0.1 · 10; who is inactive has nothing to lose.
    assert risk.tolist() == pytest.approx([29.0, 1.0, 0.0])
    # The best cannot rise; 0.3 · 30; 0.2 · 10 + 0.6 · 40.
    assert upside.tolist() == pytest.approx([0.0, 9.0, 26.0])


def test_a_step_down_to_a_segment_that_brings_more_is_no_loss():
    risk, upside = risk_and_upside(np.array([[0.0, 1.0, 0.0]]), np.array([2]), (0, 50, 40))
    assert risk.tolist() == [0.0]
    assert upside.tolist() == [0.0]


@st.composite
def shops(draw):
    segments = draw(st.integers(2, 5))
    count = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    values = np.sort(rng.gamma(1, 100, segments))
    probabilities = rng.dirichlet(np.ones(segments), count)
    return probabilities, rng.integers(0, segments, count), tuple(values.tolist())


@given(shops())
def test_what_is_expected_is_the_own_mean_less_risk_plus_upside(shop):
    probabilities, states, values = shop
    risk, upside = risk_and_upside(probabilities, states, values)
    own = np.array(values)[states]
    assert (risk >= 0).all()
    assert (upside >= 0).all()
    assert expected_segment_value(probabilities, values) == pytest.approx(own - risk + upside)


@given(shops())
def test_a_customer_alone_is_exposed_as_among_all(shop):
    probabilities, states, values = shop
    risk, upside = risk_and_upside(probabilities, states, values)
    for place in range(len(states)):
        one = slice(place, place + 1)
        alone = risk_and_upside(probabilities[one], states[one], values)
        assert (alone[0][0], alone[1][0]) == (risk[place], upside[place])
