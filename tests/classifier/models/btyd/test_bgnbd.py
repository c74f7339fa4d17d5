import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_cdnow import histories

from segpredict.classifier.models.btyd import BgNbd, fit_bgnbd
from segpredict.classifier.models.btyd.bgnbd import _curve
from segpredict.errors import ContractError, TooFewCustomersError

PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)  # CDNOW, weeks: Fader, Hardie, Lee 2005


def draw(model, ages, rng, more=0.0):
    """Return x, t_x and what was bought in the time after, by playing the story."""
    rows = []
    for age in ages:
        rate, leave = rng.gamma(model.r) / model.alpha, rng.beta(model.a, model.b)
        now, x, last, later = 0.0, 0, 0.0, 0
        while True:
            now += rng.exponential(1 / max(rate, 1e-12))
            if now > age + more:
                break
            if now <= age:
                x, last = x + 1, now
            else:
                later += 1
            if rng.random() < leave:
                break
        rows.append((x, last, later))
    return np.array(rows).T


def test_the_published_expectation_and_chance_to_be_alive_come_out():
    # The worked example of the authors' note on the spreadsheet.
    assert PUBLISHED.expected_orders(2, 30.43, 38.86, 39) == pytest.approx(1.226, abs=5e-4)
    assert PUBLISHED.p_alive(2, 30.43, 38.86) == pytest.approx(0.7266, abs=5e-5)


def test_who_never_returned_is_alive_for_the_model():
    assert PUBLISHED.p_alive([0], [0], [1000]).tolist() == [1.0]


def test_the_likelihood_of_one_customer_is_that_of_the_formula():
    # r = α = a = b = 1, x = 0: α^r / (α + T)^r = 1/(1+T).
    one = BgNbd(1, 1, 1, 1)
    assert one.log_likelihood(0, 0, 3) == pytest.approx(np.log(1 / 4))
    # x = 1: Γ(2)·[B(1,2)/B(1,1)/(1+T)² + B(2,1)/B(1,1)/(1+t)²], betas ½ and ½.
    expected = np.log(0.5 / 16 + 0.5 / 9)
    assert one.log_likelihood(1, 2, 3) == pytest.approx(expected)


def test_the_gradient_is_that_of_the_likelihood():
    given = [np.array(c, dtype=float) for c in ([0, 1, 5], [0, 3, 9], [7, 8, 10])]
    at = np.array([0.7, 2.0, 0.8, 1.9])
    _, slopes = _curve(at, *given)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-6
        above, below = (_curve(at + s, *given)[0] for s in (step, -step))
        assert slopes[i] == pytest.approx((above - below) / 2e-6, rel=1e-5)


def test_chances_of_numbers_agree_with_the_story_played_out():
    rng = np.random.default_rng(5)
    model = BgNbd(1.2, 10.0, 0.8, 2.5)
    x, last, later = draw(model, np.full(150_000, 20.0), rng, more=15.0)
    for pick in (x == 0, x == 1, x >= 3):
        mean = model.order_count_probabilities((x[pick], last[pick], 20.0), 15.0, 6).mean(axis=0)
        counted = np.bincount(np.minimum(later[pick], 6).astype(int), minlength=7)
        assert mean == pytest.approx(counted / pick.sum(), abs=0.01)


def test_chances_after_a_gap_agree_with_the_story_played_out():
    rng = np.random.default_rng(6)
    model = BgNbd(2.0, 10.0, 0.8, 2.5)
    result = model.order_count_probabilities((0, 0, 20), 8.0, 4, gap=6)[0]
    # Played from the posterior of who has not returned: λ ~ Γ(r, α + 20), p as before.
    rates, leaves = rng.gamma(2.0, 1 / 30.0, 80_000), rng.beta(0.8, 2.5, 80_000)
    counts = np.zeros(5)
    for rate, leave in zip(rates, leaves, strict=True):
        now, later = rng.exponential(1 / rate), 0
        while now <= 14:
            later += now > 6
            if rng.random() < leave:
                break
            now += rng.exponential(1 / rate)
        counts[min(later, 4)] += 1
    assert result == pytest.approx(counts / counts.sum(), abs=0.006)


@given(
    x=st.integers(0, 20),
    last=st.floats(0.05, 1),
    age=st.floats(20, 700),
    horizon=st.floats(1, 400),
)
def test_chances_add_up_to_one_and_their_mean_is_the_expectation(x, last, age, horizon):
    t_x = last * age if x else 0.0
    probabilities = PUBLISHED.order_count_probabilities((x, t_x, age), horizon, 600)
    assert probabilities.min() >= 0
    assert probabilities.sum() == pytest.approx(1, abs=1e-9)
    mean = (probabilities * np.arange(601)).sum()
    expected = PUBLISHED.expected_orders(x, t_x, age, horizon)
    assert mean == pytest.approx(expected, rel=2e-3, abs=1e-5)


def test_a_customer_gets_the_same_bits_alone_and_in_company():
    x, t_x, age = np.array([0, 3, 12]), np.array([0, 40.0, 80]), np.array([9.0, 50, 90])
    together = PUBLISHED.order_count_probabilities((x, t_x, age), 13, 30, gap=2)
    alone = [PUBLISHED.order_count_probabilities((x[i], t_x[i], age[i]), 13, 30, 2) for i in (0, 2)]
    assert np.array_equal(together[[0, 2]], np.concatenate(alone))


def test_the_fit_finds_planted_parameters():
    rng = np.random.default_rng(11)
    planted = BgNbd(0.6, 60.0, 0.4, 2.0)
    ages = rng.uniform(100, 700, 20_000)
    x, t_x, _ = draw(planted, ages, rng)
    found = fit_bgnbd(x, t_x, ages)
    assert found.r == pytest.approx(0.6, rel=0.06)
    assert found.alpha == pytest.approx(60, rel=0.08)
    assert found.a / (found.a + found.b) == pytest.approx(1 / 6, rel=0.08)
    likely, less_likely = (m.log_likelihood(x, t_x, ages).sum() for m in (found, planted))
    assert likely >= less_likely


def test_the_fit_depends_on_neither_order_nor_unit():
    rng = np.random.default_rng(3)
    ages = rng.integers(50, 400, 500).astype(float)
    x, t_x, _ = draw(BgNbd(0.8, 40.0, 0.5, 2.0), ages, rng)
    order = rng.permutation(500)
    found = fit_bgnbd(x, t_x, ages)
    assert fit_bgnbd(x[order], t_x[order], ages[order]) == found
    weeks = fit_bgnbd(x, t_x / 7, ages / 7)
    assert weeks.alpha * 7 == pytest.approx(found.alpha, rel=1e-3)
    assert weeks.r == pytest.approx(found.r, rel=1e-3)


def test_a_shop_to_which_nobody_returned_is_refused():
    with pytest.raises(TooFewCustomersError, match="found 0"):
        fit_bgnbd([0, 0, 0], [0, 0, 0], [10, 20, 30])


def test_one_customer_is_refused():
    with pytest.raises(TooFewCustomersError, match="found 1"):
        fit_bgnbd([4], [20], [30])


def test_no_time_to_come_is_no_purchase():
    found = PUBLISHED.order_count_probabilities(([2.0, 0.0], [30.0, 0.0], [39.0, 39.0]), 0, 3)
    assert found.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0]]


def test_customers_who_are_all_alike_give_a_finite_model_at_its_bound():
    found = fit_bgnbd([3] * 50, [60] * 50, [90] * 50)
    assert found.expected_orders(3, 60, 90, 30) == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize(
    ("x", "t_x", "age"), [(-1, 0, 5), (1, 6, 5), (0, 2, 5), (0, 0, 0), (1, np.nan, 5)]
)
def test_a_history_that_cannot_be_is_refused(x, t_x, age):
    with pytest.raises(ContractError, match="1 histories cannot be"):
        fit_bgnbd([x, 1, 2], [t_x, 1, 2], [age, 5, 5])


@pytest.mark.real
def test_the_published_parameters_of_cdnow_lie_in_the_middle_of_its_tenths(real_data):
    """The published sample is a tenth; its list of customers is not in the master."""
    everyone = histories(pl.read_parquet(real_data / "cdnow" / "cdnow_master.parquet"))
    found = []
    for tenth in range(10):
        some = everyone.filter(pl.col("customer_id") % 10 == tenth)
        model = fit_bgnbd(some["x"], some["t_x"], some["age"])
        likely = model.log_likelihood(some["x"], some["t_x"], some["age"]).sum()
        found.append([*model.parameters().values(), likely])
    middle, spread = np.mean(found, axis=0), np.std(found, axis=0, ddof=1)
    published = np.array([0.243, 4.414, 0.793, 2.426, -9582.4])
    assert (np.abs(published - middle) < 1.5 * spread).all()
