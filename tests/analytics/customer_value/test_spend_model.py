"""The expected spend of the next window: by hand, by law, and where the truth is known."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.customer_value.spend_model import SpendModel, fit_spend_model

HAND = SpendModel(
    limits=((), (100.0,), ()),
    lost_shares=((1.0,), (0.2, 0.6), (0.1,)),
    gain_intercepts=((0.0,), (5.0, 0.0), (50.0,)),
    gain_slopes=((0.0,), (0.0, 0.1), (0.5,)),
)


def test_risk_upside_and_spend_by_hand():
    found = HAND.forecast(np.array([40.0, 200.0]), np.array([[0.5, 0.3, 0.2], [0.1, 0.9, 0.0]]))
    # 40 · (.5 · 1 + .3 · .2 + .2 · .1) and 200 · (.1 · 1 + .9 · .6)
    assert found.risk.tolist() == pytest.approx([23.2, 128])
    # .3 · 5 + .2 · (50 + .5 · 40) and .9 · .1 · 200
    assert found.upside.tolist() == pytest.approx([15.5, 18])
    assert found.expected.tolist() == pytest.approx([32.3, 90])


@pytest.mark.parametrize("season", [0.4, 1.0, 1.3, 5.0])
def test_a_season_multiplies_the_expected_spend_and_no_risk_leaves_the_base(season):
    base, chances = np.array([40.0, 200.0]), np.array([[0.5, 0.3, 0.2], [0.1, 0.9, 0.0]])
    found = HAND.forecast(base, chances, season)
    usual = HAND.forecast(base, chances).expected
    assert found.expected.tolist() == pytest.approx((season * usual).tolist())
    assert (found.risk >= 0).all()
    assert (found.risk <= base).all()


def test_what_is_lost_and_gained_is_learned_by_next_segment():
    base = np.array([100.0, 100.0, 100.0, 100.0])
    spend = np.array([0.0, 60.0, 20.0, 250.0])
    model = fit_spend_model(base, spend, np.array([0, 1, 1, 2]), 3)
    assert model.lost_shares == ((1.0,), (0.6,), (0.0,))
    assert model.gain_intercepts == ((0.0,), (0.0,), (150.0,))


def test_a_gain_that_grows_with_the_base_has_a_slope():
    base = np.linspace(10, 1_000, 40)
    model = fit_spend_model(base, base + 7 + 0.5 * base, np.ones(40, dtype=int), 2)
    assert model.gain_intercepts[1][0] == pytest.approx(7)
    assert model.gain_slopes[1][0] == pytest.approx(0.5)


def test_a_gain_that_falls_with_the_base_is_level_in_a_band():
    base = np.linspace(10, 1_000, 40)
    model = fit_spend_model(base, base + 2_000 - base, np.ones(40, dtype=int), 2)
    assert model.gain_slopes == ((0.0,), (0.0,))
    assert model.gain_intercepts[1][0] == pytest.approx((2_000 - base).mean())


def test_a_gain_below_the_line_through_zero_is_a_share_of_the_base():
    base = np.linspace(10, 1_000, 40)
    model = fit_spend_model(base, base + np.maximum(base - 500, 0), np.ones(40, dtype=int), 2)
    assert model.gain_intercepts[1] == (0.0,)
    expected = model.forecast(base, np.tile([0.0, 1.0], (40, 1)))
    assert expected.upside.sum() == pytest.approx(np.maximum(base - 500, 0).sum())


def test_a_segment_that_nobody_reached_is_like_all_active_ones():
    base, spend = np.array([10.0, 20.0, 30.0]), np.array([0.0, 10.0, 60.0])
    model = fit_spend_model(base, spend, np.array([0, 1, 1]), 3)
    assert model.lost_shares[2] == model.lost_shares[1] == (0.2,)


def test_refunds_that_exceed_the_spend_lose_no_more_than_the_base():
    model = fit_spend_model(np.array([10.0]), np.array([-50.0]), np.array([1]), 2)
    assert model.lost_shares[1] == (1.0,)


def shop(seed, rows=600, classes=4):
    """Return base, spend and next segment of people whose spend is unlike their base."""
    rng = np.random.default_rng(seed)
    base = rng.gamma(0.7, 200, rows) * (rng.random(rows) > 0.1)
    labels = rng.integers(0, classes, rows)
    spend = labels * rng.gamma(1, 100, rows) * (1 + base / 300)
    return base, spend, labels


@given(st.integers(0, 99))
def test_nobody_risks_more_than_the_base_and_parts_make_the_whole(seed):
    base, spend, labels = shop(seed)
    model = fit_spend_model(base, spend, labels, 4)
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(4, 0.3), len(base))
    new = rng.gamma(0.5, 1_000, len(base))
    found = model.forecast(new, probabilities)
    assert (found.risk >= 0).all()
    assert (found.risk <= new).all()
    assert (found.upside >= 0).all()
    assert (found.expected == new - found.risk + found.upside).all()


@given(st.integers(0, 99))
def test_true_chances_give_the_sums_of_the_past(seed):
    base, spend, labels = shop(seed)
    model = fit_spend_model(base, spend, labels, 4)
    found = model.forecast(base, np.eye(4)[labels])
    assert found.risk.sum() == pytest.approx(np.maximum(base - spend, 0).sum())
    assert found.upside.sum() == pytest.approx(np.maximum(spend - base, 0).sum())
    assert found.expected.sum() == pytest.approx(spend.sum())


@given(st.integers(0, 99))
def test_a_customer_alone_gets_the_bits_she_gets_among_others(seed):
    base, spend, labels = shop(seed, rows=301)
    model = fit_spend_model(base, spend, labels, 4)
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(4), len(base))
    among = model.forecast(base, probabilities)
    for row in (0, 150, 300):
        alone = model.forecast(base[[row]], probabilities[[row]])
        assert alone.expected[0] == among.expected[row]
        assert alone.risk[0] == among.risk[row]


def test_it_survives_being_kept_as_json():
    model = fit_spend_model(*shop(1), 4)
    assert SpendModel.from_state(json.loads(json.dumps(model.to_state()))) == model
