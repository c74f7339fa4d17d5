"""Which levels may be told, and how sure the errors behind it are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict.analytics.demand.backtest import (
    DemandBacktest,
    backtest_errors,
    publishable_levels,
    weighted_absolute_percentage_error,
)

NAMES = ("segments", "seasonal_naive", "last_window")


def backtest_of(
    cutoff: int, ours: list[float], naive: list[float], came: list[float]
) -> DemandBacktest:
    predicted = dict(zip(NAMES, (ours, naive, [0.0] * len(came)), strict=True))
    return DemandBacktest(
        "product",
        cutoff,
        tuple(f"p{i}" for i in range(len(came))),
        {name: np.array(units) for name, units in predicted.items()},
        np.array(came),
        None,
    )


BETTER = ([4.0, 6.0], [9.0, 6.0], [5.0, 5.0])
WORSE = ([9.0, 6.0], [5.0, 6.0], [5.0, 5.0])


def level_rows(*tests: DemandBacktest):
    errors = backtest_errors(tests, draws=200, seed=1)
    return errors, publishable_levels(tests, errors, 0.9).to_dicts()[0]


def test_errors_are_those_worked_out_by_hand() -> None:
    errors, _ = level_rows(backtest_of(15000, *BETTER))
    found = {row["method"]: row for row in errors.to_dicts() if row["window"] != "pooled"}
    assert found["segments"]["wape"] == 0.2
    assert found["seasonal_naive"]["wape"] == 0.5
    assert found["segments"]["difference"] == pytest.approx(-0.3)
    assert found["last_window"]["wape"] == 1.0
    assert (
        found["seasonal_naive"]["difference_low"] == found["seasonal_naive"]["difference_high"] == 0
    )


def test_pooled_errors_weigh_tests_by_what_came() -> None:
    errors, _ = level_rows(backtest_of(15000, *BETTER), backtest_of(15091, [10.0], [30.0], [30.0]))
    pooled = errors.filter(window="pooled", method="segments")["wape"].item()
    assert pooled == (1 + 1 + 20) / 40


@pytest.mark.parametrize(
    ("tests", "method"),
    [
        ((BETTER, BETTER), "segments"),
        ((BETTER, WORSE, BETTER), "segments"),
        ((WORSE, WORSE), "seasonal_naive"),
    ],
)
def test_the_method_with_the_lowest_error_over_all_tests_is_the_one_shown(tests, method) -> None:
    _, found = level_rows(*(backtest_of(15000 + i, *each) for i, each in enumerate(tests)))
    assert (found["is_published"], found["best_method"]) == (True, method)
    nearer = sum(each is BETTER for each in tests) if method == "segments" else 0
    assert found["wins"] == nearer


def test_one_test_chooses_no_method_and_the_reason_says_so() -> None:
    _, found = level_rows(backtest_of(15000, *BETTER))
    assert not found["is_published"]
    assert found["reason"].endswith("2 are required to choose a method.")


def test_without_last_year_the_nearest_of_the_others_is_shown() -> None:
    each = backtest_of(15000, *BETTER)
    predicted = {name: units for name, units in each.expected.items() if name != NAMES[1]}
    other = DemandBacktest("product", 15000, each.items, predicted, each.actual, None)
    _, found = level_rows(other, other)
    assert (found["is_published"], found["best_method"]) == (True, "segments")
    assert "no window of last year" in found["reason"]


def test_what_is_enough_is_learned_from_earlier_tests_alone() -> None:
    first, second = backtest_of(15000, *BETTER), backtest_of(15091, *BETTER)
    assert level_rows(first)[1]["service_tests"] == 0
    assert level_rows(first, second)[1]["service_tests"] == 2


def test_an_interval_of_customers_holds_what_other_customers_would_have_bought() -> None:
    rng = np.random.default_rng(6)
    found = []
    for number in range(60):
        drawn = rng.poisson(3, 150).astype(float)
        test = DemandBacktest(
            "total",
            15000 + number,
            ("all",),
            {"segments": np.array([600.0])},
            np.array([drawn.sum()]),
            drawn[:, None] * 10_000,
        )
        row = backtest_errors([test], draws=300, seed=number).to_dicts()[0]
        found.append(row["low"] <= abs(600 - 450) / 450 <= row["high"])
    assert np.mean(found) >= 0.88


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 100)), min_size=1, max_size=9))
def test_no_forecast_is_further_off_than_all_it_said_and_all_that_came(pairs) -> None:
    predicted, came = (np.array(each) for each in zip(*pairs, strict=True))
    found = weighted_absolute_percentage_error(predicted, came)
    assert abs(predicted.sum() / came.sum() - 1) - 1e-9 <= found
    assert found <= predicted.sum() / came.sum() + 1 + 1e-9
