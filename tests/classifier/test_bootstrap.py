import numpy as np
import pytest

from segpredict.classifier import metrics
from segpredict.classifier.evaluation import bootstrap
from segpredict.classifier.evaluation.bootstrap import BOOTSTRAP_METRICS, bootstrap_differences


def compare(probabilities, labels, customers=None, draws=500, seed=1):
    who = np.arange(len(labels)) if customers is None else customers
    return bootstrap_differences(probabilities, labels, who.astype(str), draws=draws, seed=seed)


def drawn(rng, rows, hit):
    """Forecasts of two classes, right with a known probability, always 60 % sure."""
    labels = rng.integers(0, 2, rows)
    guesses = np.where(rng.random(rows) < hit, labels, 1 - labels)
    return np.eye(2)[guesses] * 0.2 + 0.4, labels


def test_values_are_the_plain_differences_of_the_metrics():
    rng = np.random.default_rng(0)
    probabilities = {name: rng.dirichlet(np.ones(3), 200) for name in ("a", "b")}
    labels = rng.integers(0, 3, 200)
    found = compare(probabilities, labels)["b"]
    scores = [metrics.score_forecast(probabilities[name], labels) for name in ("a", "b")]
    for name in BOOTSTRAP_METRICS:
        plain = getattr(scores[0], name) - getattr(scores[1], name)
        assert found[name].value == pytest.approx(plain, abs=1e-9), name
        assert found[name].low <= found[name].value <= found[name].high


def test_equal_forecasts_differ_by_nothing():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), 50)
    found = compare({"a": probabilities, "b": probabilities}, rng.integers(0, 3, 50))["b"]
    assert all((i.low, i.value, i.high) == (0, 0, 0) for i in found.values())


def test_the_interval_covers_a_known_difference_about_as_often_as_it_says():
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(60):
        better, labels = drawn(rng, 300, 0.70)
        guesses = np.where(rng.random(300) < 0.55, labels, 1 - labels)
        found = compare({"a": better, "b": np.eye(2)[guesses]}, labels, draws=200)
        interval = found["b"]["accuracy"]
        covered += interval.low <= 0.15 <= interval.high
    assert 51 <= covered <= 60


def test_rows_of_one_customer_are_drawn_together():
    rng = np.random.default_rng(5)
    probabilities, labels = drawn(rng, 100, 0.6)
    other = np.full_like(probabilities, 0.5)
    many = {"a": np.tile(probabilities, (9, 1)), "b": np.tile(other, (9, 1))}
    alike = compare(many, np.tile(labels, 9), np.tile(np.arange(100), 9))
    once = compare({"a": probabilities, "b": other}, labels)
    # Nine copies of a customer tell no more than one.
    assert alike["b"]["brier"].low == pytest.approx(once["b"]["brier"].low, abs=1e-9)
    as_if_new = compare(many, np.tile(labels, 9))["b"]["brier"]
    assert as_if_new.high - as_if_new.low < 0.5 * (
        alike["b"]["brier"].high - alike["b"]["brier"].low
    )


def test_the_order_of_rows_changes_no_bit():
    rng = np.random.default_rng(2)
    probabilities = {name: rng.dirichlet(np.ones(4), 300) for name in ("a", "b", "c")}
    labels, who = rng.integers(0, 4, 300), rng.integers(0, 120, 300)
    order = rng.permutation(300)
    shuffled = {name: given[order] for name, given in probabilities.items()}
    assert compare(probabilities, labels, who) == compare(shuffled, labels[order], who[order])


def test_the_seed_decides_the_draws():
    rng = np.random.default_rng(2)
    probabilities = {name: rng.dirichlet(np.ones(2), 90) for name in ("a", "b")}
    labels = rng.integers(0, 2, 90)
    assert compare(probabilities, labels, seed=1) == compare(probabilities, labels, seed=1)
    assert compare(probabilities, labels, seed=1) != compare(probabilities, labels, seed=2)


def test_groups_of_many_customers_vary_as_the_customers_do(monkeypatch):
    rng = np.random.default_rng(3)
    better, labels = drawn(rng, 3_000, 0.70)
    forecasts = {"a": better, "b": np.full_like(better, 0.5)}
    one_by_one = compare(forecasts, labels)["b"]
    monkeypatch.setattr(bootstrap, "MAX_RESAMPLING_UNITS", 500)
    in_groups = compare(forecasts, labels)["b"]
    for metric in ("log_loss", "brier", "accuracy"):
        one, other = one_by_one[metric], in_groups[metric]
        assert other.value == pytest.approx(one.value)
        assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.2)
