"""The forecast against the best that can be, in worlds whose truth is known."""

import numpy as np
import polars as pl
import pytest

from contest import oracle
from contest.contest import in_world
from segpredict.classifier import Backtest


def held(name, customers, *settings):
    quick = ["classifier.bootstrap_draws=200", "segmentation.n_init=5", *settings]
    return in_world(name, customers, quick)


def row(backtests, forecaster):
    table = oracle.distances(backtests)
    return table.row(by_predicate=pl.col("forecaster") == forecaster, named=True)


def trial(probabilities, labels):
    who = np.array([f"c{i}" for i in range(len(labels))])
    now = np.zeros(len(labels), dtype=np.int64)
    return Backtest(0, who, now, np.array(labels), probabilities)


def test_the_gap_is_the_mean_difference_with_its_standard_error():
    best = np.array([[0.5, 0.5], [0.5, 0.5]])
    given = np.array([[0.25, 0.75], [0.75, 0.25]])
    found = row((trial({"model": given, "oracle": best}, [0, 0]),), "model")
    # log 2 and −log 1.5: mean .1438, half their distance .5493, over two customers.
    assert found["gap"] == pytest.approx(0.1438, abs=1e-4)
    assert found["gap_se"] == pytest.approx(0.5493 / np.sqrt(2), abs=1e-4)
    assert found["ceiling"] == 0.5
    assert not found["is_alarm"]


def test_who_beats_the_oracle_by_more_than_luck_raises_the_alarm():
    labels = np.arange(200) % 2
    honest = np.full((200, 2), 0.5)
    seer = np.where(np.eye(2)[labels] > 0, 0.8, 0.2)
    found = (trial({"model": seer, "oracle": honest}, labels),)
    assert row(found, "model")["is_alarm"]
    assert not row(found, "oracle")["is_alarm"]


def test_an_honest_forecast_stays_behind_the_oracle_and_comes_near():
    few = ["classifier.xgboost.learning_rate=0.3", "classifier.xgboost.max_rounds=40"]
    few += ["classifier.families=['rfm']", "time.test_windows=1"]
    found, backtests = held("or2_like", 500, "classifier.baselines=['markov']", *few)
    for name in backtests[0].probabilities:
        assert not row(backtests, name)["is_alarm"]
    model = row(backtests, found.training.evaluation.model)
    assert model["gap"] < row(backtests, "markov")["gap"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["or2_like", "cdnow_like"])
def test_the_model_is_within_two_hundredths_of_a_nat_of_the_oracle(name):
    found, backtests = held(name, 3_000, "classifier.baselines=['markov', 'bgnbd_gg']")
    assert found.training.panel.frame.height >= 25_000
    model = row(backtests, found.training.evaluation.model)
    assert not model["is_alarm"]
    assert model["gap"] <= 0.02
    assert abs(model["accuracy"] - model["ceiling"]) <= 0.015
    # BG/NBD ties with the oracle where its model is true.
    assert abs(row(backtests, "bgnbd_gg")["gap"]) <= 0.005


@pytest.mark.slow
def test_in_noise_no_skill_is_claimed():
    found, backtests = held("noise", 1_500, "classifier.baselines=['markov', 'prior']")
    evaluation = found.training.evaluation
    apart = evaluation.pooled.differences["markov"]["log_loss"]
    assert apart.low <= 0 <= apart.high
    # Not of its own part, trees that over-learn: that can be beaten in noise.
    plain = [c for c in evaluation.comparisons if c.baseline in {"markov", "prior"}]
    assert not any(c.beats for c in plain if c.metric == "log_loss")
    assert not row(backtests, evaluation.model)["is_alarm"]


@pytest.mark.slow
def test_a_clockwork_is_predicted():
    found, backtests = held("deterministic", 1_000, "classifier.baselines=['markov']")
    assert row(backtests, found.training.evaluation.model)["accuracy"] >= 0.97
    assert row(backtests, "oracle")["log_loss"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.slow
def test_where_only_the_current_segment_tells_what_ships_is_near_the_oracle():
    found, backtests = held("markov", 1_000, "classifier.baselines=['markov', 'logit']")
    selected = row(backtests, found.training.evaluation.selected)
    assert not selected["is_alarm"]
    assert selected["gap"] <= 0.02
