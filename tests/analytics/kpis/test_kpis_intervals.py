"""Intervals are as wide as they should be."""

import numpy as np
import polars as pl
import pytest

from segpredict.analytics.kpis import OrderBook, _concentration, _figures, compute_kpis
from segpredict.analytics.kpis._figures import ratio_figures


def shop(customers: int, seed: int, spread: float = 1.0) -> OrderBook:
    """Return a shop in which each customer orders once or more, at random prices."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        level = rng.lognormal(3, spread)
        rows += [
            (f"c{i:05d}", int(rng.integers(91)), level * rng.gamma(4) / 4)
            for _ in range(1 + rng.poisson(1))
        ]
    return OrderBook.from_orders(rows, end_day=91)


def drawn(books: OrderBook, figure, draws: int = 400) -> tuple[float, float]:
    """Return the interval of a plain bootstrap that copies the rows of customers."""
    rng = np.random.default_rng(5)
    orders = books.valid_orders.sort("customer")
    theirs = [part["amount"].to_numpy() for part in orders.partition_by("customer")]
    values = [
        figure([theirs[i] for i in rng.integers(0, len(theirs), len(theirs))]) for _ in range(draws)
    ]
    return tuple(np.quantile(values, [0.025, 0.975]))


def sums(customers: list) -> np.ndarray:
    return np.sort([amounts.sum() for amounts in customers])


FIGURES = {
    "order_value": lambda given: np.concatenate(given).mean() / 1e4,
    "order_value_median": lambda given: np.median(np.concatenate(given)) / 1e4,
    "gini": lambda given: _concentration.gini_index(sums(given))[0],
    "top_decile_share": lambda given: _concentration.top_spender_share(sums(given), 0.1)[1],
}


@pytest.mark.parametrize("name", FIGURES)
def test_intervals_are_those_of_a_plain_bootstrap_of_customers(name: str) -> None:
    books = shop(800, seed=1)
    low, high = drawn(books, FIGURES[name])
    found = compute_kpis(books, [name]).row(0, named=True)
    width = high - low
    assert found["high"] - found["low"] == pytest.approx(width, rel=0.15)
    assert found["low"] == pytest.approx(low, abs=0.15 * width)


def test_an_interval_holds_the_planted_ratio_about_as_often_as_it_says() -> None:
    # Part is twice whole on average: 2 is the truth.
    rng = np.random.default_rng(2)
    hits = 0
    for seed in range(120):
        whole = rng.integers(1, 20, 150)
        rows = pl.DataFrame(
            {
                "customer": pl.Series(np.arange(150), dtype=pl.UInt32),
                "group": [0] * 150,
                "part": rng.poisson(2 * whole),
                "whole": whole,
            }
        )
        people = pl.DataFrame({"customer": rows["customer"]})
        books = OrderBook(pl.DataFrame(), people, 0, 1, draws=200, seed=seed)
        found = ratio_figures(books, rows, ["group"]).row(0, named=True)
        hits += found["low"] <= 2 <= found["high"]
    assert 0.89 <= hits / 120 <= 0.99


def test_lots_of_customers_give_the_interval_of_customers(monkeypatch) -> None:
    books = shop(1500, seed=3)
    alone = compute_kpis(books, ["order_value", "cohort_revenue"])
    monkeypatch.setattr(_figures, "MAX_RESAMPLING_UNITS", 600)
    lots = compute_kpis(books, ["order_value", "cohort_revenue"])
    assert lots["value"].equals(alone["value"])
    width = alone["high"] - alone["low"]
    assert ((lots["high"] - lots["low"]) / width).drop_nulls().to_list() == pytest.approx(
        [1.0] * width.drop_nulls().len(), abs=0.2
    )


def test_wilson_holds_for_rates() -> None:
    # 8 of 10: 0.4902 to 0.9433.
    rows = [(f"c{i}", 0, 1.0) for i in range(10)]
    rows += [(f"c{i}", 95, 1.0) for i in range(8)]
    found = compute_kpis(OrderBook.from_orders(rows, 182), ["window_retention"]).row(0, named=True)
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.4902, 0.9433)


@pytest.mark.parametrize("name", FIGURES)
def test_four_customers_give_a_value_and_no_interval(name: str) -> None:
    rows = [(f"c{i}", i, 10.0 + i) for i in range(5)]
    four = compute_kpis(OrderBook.from_orders(rows[:4], 91), [name]).row(0, named=True)
    five = compute_kpis(OrderBook.from_orders(rows, 91), [name]).row(0, named=True)
    assert four["value"] is not None
    assert four["low"] is None
    assert five["low"] is not None
