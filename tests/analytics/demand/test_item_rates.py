"""Few sales lean on the family; many stand for themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.demand.forecast import gamma_poisson_rates

ONE = np.array([0, 0])


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def test_it_agrees_with_a_posterior_worked_out_by_hand() -> None:
    # Rates 0 and 4 of ten customers each, single pieces: m = 2, φ = 1.
    # Σ E(r − m)² = 80, less φm(J − 1) = 2, over ΣE − ΣE²/ΣE = 10: τ² = 7.8.
    # w = τ²E / (τ²E + φm) = 78 / 80.
    sold = column(0, 40)
    found = gamma_poisson_rates(sold, sold, column(10, 10), ONE)
    assert found[:, 0] == pytest.approx([0.05, 3.95])


def test_a_batch_that_one_customer_took_tells_less_than_many_pieces() -> None:
    sold, reach = column(10, 110, 60), column(100, 100, 100)
    family = np.zeros(3, dtype=int)
    by_many = gamma_poisson_rates(sold, sold, reach, family)[1, 0]
    by_one = gamma_poisson_rates(sold, column(10, 110**2, 60), reach, family)[1, 0]
    assert 0.6 <= by_one < by_many <= 1.1


def test_who_was_never_on_sale_is_as_its_family() -> None:
    sold = column(0, 40)
    found = gamma_poisson_rates(sold, sold, column(0, 10), ONE, column(2.5))
    assert found[0, 0] == 2.5


def test_families_and_columns_do_not_look_at_each_other() -> None:
    sold = np.array([[1.0, 9.0], [3.0, 1.0], [80.0, 2.0], [10.0, 0.0]])
    reach = np.full((4, 2), 10.0)
    family = np.array([0, 0, 1, 1])
    whole = gamma_poisson_rates(sold, sold, reach, family)
    alone = gamma_poisson_rates(sold[:2, :1], sold[:2, :1], reach[:2, :1], ONE)
    assert whole[:2, 0] == pytest.approx(alone[:, 0])


def test_planted_rates_are_recovered_better_than_by_raw_shares() -> None:
    rng = np.random.default_rng(5)
    rates = rng.gamma(2.0, 0.5, 400)
    customers = 6
    batches = rng.geometric(0.25, (400, customers, 12))
    buys = np.arange(12) < rng.poisson(rates[:, None], (400, customers))[..., None]
    each = (batches * buys).sum(axis=2)
    sold = each.sum(axis=1)[:, None]
    scatter = ((each - each.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)[:, None]
    reach = np.full((400, 1), float(customers))
    truth = rates * 4  # a batch holds four pieces on average
    found = gamma_poisson_rates(sold.astype(float), scatter, reach, np.zeros(400, int))
    raw = sold[:, 0] / customers
    assert ((found[:, 0] - truth) ** 2).mean() < 0.95 * ((raw - truth) ** 2).mean()


@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(1, 9), st.integers(1, 50)),
        min_size=2,
        max_size=8,
    )
)
def test_a_rate_lies_between_its_own_and_that_of_its_family(rows) -> None:
    sold = column(*(float(units) for units, _, _ in rows))
    squares = column(*(float(units * batch) for units, batch, _ in rows))
    reach = column(*(float(customers) for _, _, customers in rows))
    found = gamma_poisson_rates(sold, squares, reach, np.zeros(len(rows), dtype=int))[:, 0]
    own, mean = (sold / reach)[:, 0], sold.sum() / reach.sum()
    assert (found >= np.minimum(own, mean) - 1e-9).all()
    assert (found <= np.maximum(own, mean) + 1e-9).all()
