import numpy as np
import pytest

from segpredict.classifier.models.btyd import GammaGamma, fit_gamma_gamma
from segpredict.classifier.models.btyd.gamma_gamma import _curve
from segpredict.errors import ContractError, TooFewCustomersError

PUBLISHED = GammaGamma(6.25, 3.74, 15.44)  # CDNOW, dollars: Fader and Hardie 2013


def test_the_published_expectations_come_out():
    assert PUBLISHED.expected_spend(0, 0) == pytest.approx(35.22, abs=0.01)
    assert PUBLISHED.expected_spend(2, 22.35) == pytest.approx(24.66, abs=0.01)


def test_without_a_mean_the_expectation_is_infinite():
    assert GammaGamma(2, 0.8, 10).expected_spend(0, 0).tolist() == [np.inf]


def test_the_gradient_is_that_of_the_likelihood():
    x, mean = np.array([1.0, 4, 30]), np.array([12.0, 80, 33])
    at = np.array([3.0, 2.5, 20.0])
    _, slopes = _curve(at, x, mean)
    for i in range(3):
        step = np.zeros(3)
        step[i] = 1e-5
        above, below = (_curve(at + s, x, mean)[0] for s in (step, -step))
        assert slopes[i] == pytest.approx((above - below) / 2e-5, rel=1e-4)


def test_the_chance_of_a_sum_agrees_with_the_story_played_out():
    rng = np.random.default_rng(2)
    levels = rng.gamma(6.25 * 3 + 3.74, 1 / (15.44 + 3 * 40.0), 100_000)
    sums = rng.gamma(6.25 * 2, 1 / levels)
    for limit in (50, 80, 120):
        result = PUBLISHED.spend_cdf(limit, 2, 3, 40.0)
        assert result == pytest.approx((sums <= limit).mean(), abs=0.006)


def test_the_fit_finds_planted_parameters_in_any_order():
    rng = np.random.default_rng(4)
    x = rng.integers(1, 12, 20_000)
    levels = rng.gamma(3.5, 1 / 40.0, 20_000)
    mean = rng.gamma(5.0 * x, 1 / levels) / x
    found = fit_gamma_gamma(x, mean)
    assert found.p == pytest.approx(5, rel=0.05)
    assert found.q == pytest.approx(3.5, rel=0.05)
    assert found.v == pytest.approx(40, rel=0.06)
    order = rng.permutation(20_000)
    assert fit_gamma_gamma(x[order], mean[order]) == found


def test_customers_who_all_pay_one_price_give_a_finite_model():
    found = fit_gamma_gamma([1, 2, 3, 4], [10.0] * 4)
    assert found.expected_spend(2, 10.0) == pytest.approx(10, rel=0.01)


def test_one_customer_is_refused():
    with pytest.raises(TooFewCustomersError):
        fit_gamma_gamma([3], [10.0])


@pytest.mark.parametrize(("x", "mean"), [(0, 5), (1, 0), (1, -3), (2, np.nan)])
def test_customers_who_paid_nothing_are_refused(x, mean):
    with pytest.raises(ContractError, match="1 customers have no purchase"):
        fit_gamma_gamma([1, 1, x], [5.0, 6.0, mean])
