import json

import numpy as np
import pytest

from segpredict.classifier import Backtest, Evaluation
from segpredict.classifier.evaluation.selection import select_model
from small_shop import OPTIONS, TIME

IDS = ("S0", "S1", "S2")


def backtest(cutoff, hits, rows=300, seed=0, classes=3):
    """Return a test in which each forecaster is right with a given probability, 60 % sure."""
    rng = np.random.default_rng(seed + cutoff)
    labels = rng.integers(0, classes, rows)
    probabilities = {}
    for name, hit in hits.items():
        wrong = (labels + rng.integers(1, classes, rows)) % classes
        guesses = np.where(rng.random(rows) < hit, labels, wrong)
        share = 0.4 / (classes - 1)
        probabilities[name] = np.eye(classes)[guesses] * (0.6 - share) + share
    who = np.array([f"c{i}" for i in range(rows)])
    return Backtest(cutoff, who, np.zeros(rows, dtype=np.int64), labels, probabilities)


def evaluate(*backtests, ids=IDS, warnings=()):
    return select_model(backtests, ids, TIME, OPTIONS, warnings)


def comparison(found, baseline, metric):
    return next(c for c in found.comparisons if (c.baseline, c.metric) == (baseline, metric))


def test_a_better_model_is_selected_and_says_by_how_much():
    found = evaluate(backtest(100, {"xgboost": 0.8, "markov": 0.5, "prior": 0.2}))
    assert found.selected == "xgboost"
    assert "below markov, the best baseline" in found.reason
    loss = found.pooled.scores
    saved = 1 - loss["xgboost"].log_loss / loss["markov"].log_loss
    assert found.skill["markov"] == pytest.approx(saved)


def test_a_model_that_does_not_beat_the_best_baseline_is_not_selected():
    found = evaluate(backtest(100, {"xgboost": 0.5, "markov": 0.8, "prior": 0.4}))
    assert found.selected == "markov"
    assert "not beaten by xgboost" in found.reason
    assert found.skill["markov"] < 0 < found.skill["prior"]


def test_an_equal_model_is_not_selected():
    one = backtest(100, {"xgboost": 0.6})
    both = Backtest(
        100,
        one.customers,
        one.states,
        one.labels,
        {"xgboost": one.probabilities["xgboost"], "markov": one.probabilities["xgboost"]},
    )
    assert evaluate(both).selected == "markov"


def test_beating_needs_every_window_and_an_interval_off_zero():
    good, bad = {"xgboost": 0.8, "markov": 0.5}, {"xgboost": 0.5, "markov": 0.55}
    always = evaluate(backtest(100, good), backtest(200, good))
    assert comparison(always, "markov", "accuracy").beats
    assert comparison(always, "markov", "log_loss").beats
    mixed = evaluate(backtest(100, good), backtest(200, bad))
    assert mixed.pooled.differences["markov"]["accuracy"].excludes_zero
    assert comparison(mixed, "markov", "accuracy").beats is False
    assert comparison(mixed, "markov", "accuracy").windows_better == 1


def test_pooled_rows_are_those_of_all_windows_and_customers_count_once():
    found = evaluate(*(backtest(day, {"xgboost": 0.6, "prior": 0.5}) for day in (1, 2)))
    assert [reading.n_rows for reading in found.windows] == [300, 300]
    assert (found.pooled.n_rows, found.pooled.customers) == (600, 300)
    assert sum(found.pooled.actual_mix) == pytest.approx(1)


def test_too_good_to_be_true_is_called_a_presumed_leak():
    found = evaluate(backtest(100, {"xgboost": 0.97, "markov": 0.5}))
    assert any("xgboost" in w and "presumed leak" in w for w in found.warnings)
    honest = evaluate(backtest(100, {"xgboost": 0.6, "markov": 0.5}))
    assert honest.warnings == ()


def test_one_dominant_outcome_is_warned_of():
    given = backtest(100, {"xgboost": 0.6, "prior": 0.5})
    labels = np.where(np.arange(300) < 290, 0, given.labels)
    flat = Backtest(100, given.customers, given.states, labels, given.probabilities)
    assert any("are one segment" in warning for warning in evaluate(flat).warnings)


def test_what_was_known_before_stands_first_among_the_warnings():
    found = evaluate(backtest(100, {"xgboost": 0.6, "prior": 0.5}), warnings=("short",))
    assert found.warnings[0] == "short"


def test_it_goes_through_json_and_comes_back_equal():
    given = {"xgboost": 0.8, "markov": 0.5}
    found = evaluate(backtest(15000, given), backtest(15091, given))
    text = json.dumps(found.to_json(), allow_nan=False)
    assert Evaluation.from_json(json.loads(text)) == found
    assert json.loads(text)["windows"][0]["cutoff"] == "2011-01-26"
    assert json.loads(text)["pooled"]["cutoff"] == "pooled"


def test_comparisons_are_adjusted_for_how_many_baselines_were_asked():
    hits = {"xgboost": 0.62, "markov": 0.55, "prior": 0.2, "logit": 0.5}
    found = evaluate(backtest(100, hits))
    one = comparison(found, "markov", "accuracy")
    assert one.p_value <= one.p_value_holm <= 1
    assert comparison(found, "prior", "accuracy").p_value_holm == pytest.approx(
        3 * comparison(found, "prior", "accuracy").p_value
    )
    assert all(not each.beats or each.p_value_holm <= 0.05 for each in found.comparisons)


def test_the_final_test_alone_is_compared_by_mcnemar():
    first = backtest(100, {"xgboost": 0.2, "markov": 0.8})
    last = backtest(200, {"xgboost": 0.9, "markov": 0.3})
    (found,) = evaluate(first, last).mcnemar_tests
    assert found.baseline == "markov"
    assert found.only_model > found.only_baseline
    assert found.p_value < 0.001


def test_a_better_forecaster_from_outside_the_package_is_named_and_is_not_selected():
    hits = {"xgboost": 0.6, "markov": 0.4, "outsider": 0.9}
    found = evaluate(backtest(100, hits))
    assert found.selected == "xgboost"
    assert any("outsider has a lower log-loss" in w for w in found.warnings)


def test_a_model_that_loses_to_bgnbd_is_not_selected():
    found = evaluate(backtest(100, {"xgboost": 0.6, "bgnbd_gg": 0.8, "markov": 0.3}))
    assert found.selected == "bgnbd_gg"


def test_an_evaluation_survives_json_with_its_tests():
    found = evaluate(backtest(100, {"xgboost": 0.8, "markov": 0.5}))
    assert Evaluation.from_json(json.loads(json.dumps(found.to_json()))) == found
