"""Errors of lifetime values, worked out by hand."""

import numpy as np
import polars as pl
import pytest

from segpredict.analytics.customer_value.lifetime_backtest import ValueBacktest, value_errors


def errors_of(predicted, actual, draws=200):
    who = np.array([f"c{i}" for i in range(len(actual))])
    given = {name: np.array(each, dtype=float) for name, each in predicted.items()}
    span = ValueBacktest("2011-03-12", 1, 91, who, given, np.array(actual, dtype=float))
    return value_errors([span], draws=draws, seed=1)


def cell(table, method, metric):
    return table.row(
        by_predicate=(pl.col("method") == method) & (pl.col("metric") == metric),
        named=True,
    )


def test_errors_and_gaps_to_the_plain_guess_by_hand():
    table = errors_of({"forecast": [10, 30], "last_year": [0, 0]}, [20, 0])
    assert cell(table, "forecast", "total")["value"] == 0.5
    assert cell(table, "forecast", "mae")["value"] == 20
    assert cell(table, "forecast", "rmse")["value"] == pytest.approx(np.sqrt(500))
    assert cell(table, "forecast", "mae")["difference"] == 10
    assert cell(table, "forecast", "rank")["value"] == pytest.approx(-1)
    # Nothing was predicted: no share of it can have come.
    assert cell(table, "last_year", "total")["value"] is None
    assert cell(table, "last_year", "rank")["value"] is None


def test_the_plain_guess_is_no_distance_from_itself():
    table = errors_of({"forecast": [1, 2, 3], "last_year": [3, 2, 1]}, [3, 2, 2])
    own = table.filter(pl.col("method") == "last_year")
    assert own["difference"].drop_nulls().unique().to_list() == [0]


def test_a_clearly_better_method_has_an_interval_below_zero():
    rng = np.random.default_rng(0)
    actual = rng.gamma(1, 100, 300)
    near, far = actual + rng.normal(0, 10, 300), actual + rng.normal(0, 80, 300)
    table = errors_of({"forecast": near, "last_year": far}, actual)
    assert cell(table, "forecast", "mae")["difference_high"] < 0
    assert cell(table, "forecast", "rmse")["difference_high"] < 0
