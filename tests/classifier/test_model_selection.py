"""Windows before the tests select a model; the tests only measure it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from segpredict.classifier import Backtest, Evaluation
from segpredict.classifier.evaluation.selection import evaluate_models, select_model
from small_shop import OPTIONS, TIME

IDS = ("S0", "S1", "S2")
QUICK = replace(OPTIONS, bootstrap_draws=100)


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


def evaluate(*backtests, selected="ensemble", reason="", ids=IDS, warnings=()):
    return evaluate_models(backtests, selected, reason, ids, TIME, QUICK, warnings)


def comparison(found, baseline, metric):
    return next(c for c in found.comparisons if (c.baseline, c.metric) == (baseline, metric))


def with_gains(model_loss, gains):
    """Return a window in which a baseline's loss is lower by these, customer by customer."""
    model = np.exp(-np.full(len(gains), model_loss))
    other = np.exp(-(model_loss - np.asarray(gains)))
    labels = np.zeros(len(gains), dtype=np.int64)
    chances = {
        name: np.column_stack([p, 1 - p]) for name, p in (("ensemble", model), ("markov", other))
    }
    who = np.array([f"c{i}" for i in range(len(gains))])
    return Backtest(100, who, labels, labels, chances)


def test_a_baseline_that_is_clearly_better_before_the_tests_is_selected():
    inner = [backtest(day, {"ensemble": 0.5, "markov": 0.8, "prior": 0.6}) for day in (100, 128)]
    name, reason = select_model(inner, "ensemble")
    assert name == "markov"
    assert reason.startswith("markov is selected: over 2 windows before the tests")


def test_a_gain_of_less_than_a_standard_error_selects_nothing():
    spread = np.array([1.0, -1.0] * 50) * 0.1  # the standard error of the mean is 0.01
    assert select_model([with_gains(0.7, spread + 0.008)] * 2, "ensemble")[0] == "ensemble"
    assert select_model([with_gains(0.7, spread + 0.013)] * 2, "ensemble")[0] == "markov"


def test_a_baseline_is_selected_only_where_two_windows_agree():
    better, worse = with_gains(0.7, np.full(100, 0.2)), with_gains(0.7, np.full(100, -0.01))
    assert select_model([better], "ensemble")[0] == "ensemble"
    assert select_model([better, worse], "ensemble")[0] == "ensemble"
    assert select_model([better, better], "ensemble")[0] == "markov"


def test_an_equal_baseline_leaves_the_ensemble():
    name, reason = select_model([with_gains(0.7, np.zeros(100))] * 2, "ensemble")
    assert name == "ensemble"
    assert "over 2 windows before the tests no baseline was better" in reason


def test_without_windows_before_the_tests_the_ensemble_is_kept():
    name, reason = select_model([], "ensemble")
    assert name == "ensemble"
    assert "too little history before the tests" in reason


def test_a_better_forecaster_from_outside_the_package_is_not_selected():
    inner = [backtest(100, {"ensemble": 0.5, "outsider": 0.9})]
    assert select_model(inner, "ensemble")[0] == "ensemble"


def test_a_baseline_that_one_window_lacks_is_not_selected():
    inner = [
        backtest(100, {"ensemble": 0.5, "markov": 0.9}),
        backtest(128, {"ensemble": 0.5, "prior": 0.9}),
    ]
    assert select_model(inner, "ensemble")[0] == "ensemble"


def test_the_result_says_how_the_selected_model_did_on_the_tests():
    found = evaluate(backtest(100, {"ensemble": 0.8, "markov": 0.5, "prior": 0.2}), reason="So.")
    assert found.selected == "ensemble"
    assert found.reason.startswith("So. Over 1 test window its log-loss is ")
    assert "below markov, the best other forecast" in found.reason
    loss = found.pooled.scores
    saved = 1 - loss["ensemble"].log_loss / loss["markov"].log_loss
    assert found.skill["markov"] == pytest.approx(saved)


def test_tests_select_no_better_model_but_name_it():
    found = evaluate(backtest(100, {"ensemble": 0.5, "markov": 0.8, "prior": 0.4}))
    assert found.selected == "ensemble"
    assert "above markov" in found.reason
    losses = (found.pooled.scores[name].log_loss for name in ("markov", "ensemble"))
    said = "markov has a lower log-loss on the tests ({:.4f}) than ensemble ({:.4f})"
    assert any(said.format(*losses) in w for w in found.warnings)
    assert not any("prior has a lower" in w for w in found.warnings)
    assert found.skill["markov"] < 0 < found.skill["prior"]


def test_every_difference_is_one_to_the_selected_model():
    found = evaluate(backtest(100, {"ensemble": 0.5, "markov": 0.8}), selected="markov")
    assert (found.selected, found.model) == ("markov", "ensemble")
    assert set(found.pooled.differences) == {"ensemble"}
    assert comparison(found, "ensemble", "log_loss").beats


def test_beating_needs_every_window_and_an_interval_off_zero():
    good, bad = {"ensemble": 0.8, "markov": 0.5}, {"ensemble": 0.5, "markov": 0.55}
    always = evaluate(backtest(100, good), backtest(200, good))
    assert comparison(always, "markov", "accuracy").beats
    assert comparison(always, "markov", "log_loss").beats
    mixed = evaluate(backtest(100, good), backtest(200, bad))
    assert mixed.pooled.differences["markov"]["accuracy"].excludes_zero
    assert comparison(mixed, "markov", "accuracy").beats is False
    assert comparison(mixed, "markov", "accuracy").windows_better == 1


def test_pooled_rows_are_those_of_all_windows_and_customers_count_once():
    found = evaluate(*(backtest(day, {"ensemble": 0.6, "prior": 0.5}) for day in (1, 2)))
    assert [reading.n_rows for reading in found.windows] == [300, 300]
    assert (found.pooled.n_rows, found.pooled.customers) == (600, 300)
    assert sum(found.pooled.actual_mix) == pytest.approx(1)


def test_too_good_to_be_true_is_called_a_presumed_leak():
    found = evaluate(backtest(100, {"ensemble": 0.97, "markov": 0.5}))
    assert any("ensemble" in w and "presumed leak" in w for w in found.warnings)
    honest = evaluate(backtest(100, {"ensemble": 0.6, "markov": 0.5}))
    assert honest.warnings == ()


def test_one_dominant_outcome_is_warned_of():
    given = backtest(100, {"ensemble": 0.6, "prior": 0.5})
    labels = np.where(np.arange(300) < 290, 0, given.labels)
    flat = Backtest(100, given.customers, given.states, labels, given.probabilities)
    assert any("are one segment" in warning for warning in evaluate(flat).warnings)


def test_a_high_accuracy_beside_a_large_class_is_no_leak():
    labels = np.where(np.arange(300) < 285, 0, np.arange(300) % 3)  # 97 % are of one class
    rows, states = np.arange(300).astype(str), np.zeros(300, dtype=np.int64)
    sure = np.full((300, 3), 0.01) + np.eye(3)[0] * 0.97
    same = evaluate(Backtest(100, rows, states, labels, {"ensemble": sure, "markov": sure}))
    assert not any("presumed leak" in warning for warning in same.warnings)
    right = np.eye(3)[labels] * 0.97 + 0.01
    found = evaluate(Backtest(100, rows, states, labels, {"ensemble": right, "markov": sure}))
    assert any("ensemble has 100.0%" in w and "presumed leak" in w for w in found.warnings)


def test_what_was_known_before_stands_first_among_the_warnings():
    found = evaluate(backtest(100, {"ensemble": 0.6, "prior": 0.5}), warnings=("short",))
    assert found.warnings[0] == "short"


def test_it_goes_through_json_and_comes_back_equal():
    given = {"ensemble": 0.8, "markov": 0.5}
    found = evaluate(backtest(15000, given), backtest(15091, given))
    text = json.dumps(found.to_json(), allow_nan=False)
    assert Evaluation.from_json(json.loads(text)) == found
    assert json.loads(text)["windows"][0]["cutoff"] == "2011-01-26"
    assert json.loads(text)["pooled"]["cutoff"] == "pooled"


def test_comparisons_are_adjusted_for_how_many_baselines_were_asked():
    hits = {"ensemble": 0.62, "markov": 0.55, "prior": 0.2, "logit": 0.5}
    found = evaluate(backtest(100, hits))
    one = comparison(found, "markov", "accuracy")
    assert one.p_value <= one.p_value_holm <= 1
    assert comparison(found, "prior", "accuracy").p_value_holm == pytest.approx(
        3 * comparison(found, "prior", "accuracy").p_value
    )
    assert all(not each.beats or each.p_value_holm <= 0.05 for each in found.comparisons)


def test_the_final_test_alone_is_compared_by_mcnemar():
    first = backtest(100, {"ensemble": 0.2, "markov": 0.8})
    last = backtest(200, {"ensemble": 0.9, "markov": 0.3})
    (found,) = evaluate(first, last).mcnemar_tests
    assert found.baseline == "markov"
    assert found.only_model > found.only_baseline
    assert found.p_value < 0.001


def test_an_evaluation_survives_json_with_its_tests():
    found = evaluate(backtest(100, {"ensemble": 0.8, "markov": 0.5}))
    assert Evaluation.from_json(json.loads(json.dumps(found.to_json()))) == found
