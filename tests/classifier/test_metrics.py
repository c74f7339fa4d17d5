import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from segpredict.classifier import metrics


@st.composite
def forecasts(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    rows, classes = draw(st.integers(5, 200)), draw(st.integers(2, 6))
    probabilities = rng.dirichlet(np.ones(classes) * draw(st.sampled_from([0.3, 1, 5])), rows)
    return probabilities, rng.integers(0, classes, rows)


@given(forecasts())
def test_metrics_agree_with_scikit_learn(given_forecast):
    probabilities, labels = given_forecast
    classes, guesses = np.arange(probabilities.shape[1]), probabilities.argmax(axis=1)
    clipped = np.clip(probabilities, 1e-15, None)
    clipped /= clipped.sum(axis=1, keepdims=True)
    expected = {
        "log_loss": reference.log_loss(labels, clipped, labels=classes),
        "accuracy": reference.accuracy_score(labels, guesses),
        "macro_f1": reference.f1_score(labels, guesses, average="macro", zero_division=0),
        "kappa": reference.cohen_kappa_score(labels, guesses, labels=classes),
        "brier": ((probabilities - np.eye(len(classes))[labels]) ** 2).sum(axis=1).mean(),
        "balanced_accuracy": reference.recall_score(
            labels, guesses, labels=np.unique(labels), average="macro"
        ),
    }
    found = metrics.score_forecast(probabilities, labels).to_json()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name


def test_metrics_of_four_rows_worked_out_by_hand():
    probabilities = np.array([[0.5, 0.5, 0], [0.2, 0.8, 0], [1, 0, 0], [0.25, 0.25, 0.5]])
    found = metrics.score_forecast(probabilities, np.array([0, 1, 1, 2]))
    assert found.accuracy == 0.75
    assert found.balanced_accuracy == pytest.approx((1 + 0.5 + 1) / 3)
    assert found.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert found.brier == pytest.approx((0.5 + 0.08 + 2 + 0.375) / 4)
    assert found.kappa == pytest.approx((0.75 - 5 / 16) / (1 - 5 / 16))


def test_an_impossible_outcome_costs_much_but_not_infinity():
    loss = metrics.log_loss(np.array([[1.0, 0.0]]), np.array([1]))
    assert loss == pytest.approx(-np.log(1e-15))


def test_calibration_error_of_one_constant_forecast_is_its_bias():
    probabilities = np.tile([0.7, 0.3], (100, 1))
    labels = np.array([0] * 60 + [1] * 40)
    assert metrics.expected_calibration_error(probabilities, labels) == pytest.approx(0.1)
    assert metrics.expected_calibration_error(probabilities, labels[::-1]) == pytest.approx(0.1)


def test_a_calibrated_forecast_has_next_to_no_calibration_error():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.ones(3), 20_000)
    labels = (probabilities.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert metrics.expected_calibration_error(probabilities, labels) < 0.012


def test_skill_is_the_share_of_the_loss_saved():
    assert metrics.skill_score(0.9, 1.2) == pytest.approx(0.25)
    assert metrics.skill_score(1.2, 1.2) == 0
    assert metrics.skill_score(0.1, 0.0) == 0


def test_the_forecast_mix_is_the_mean_probability():
    assert metrics.predicted_mix(np.array([[1.0, 0.0], [0.5, 0.5]])) == (0.75, 0.25)


@given(forecasts())
def test_areas_and_weighted_kappa_agree_with_scikit_learn(given_forecast):
    probabilities, labels = given_forecast
    for code, area in enumerate(metrics.classwise_roc_auc(probabilities, labels)):
        if np.isnan(area):
            assert len(np.unique(labels == code)) == 1
        else:
            expected = reference.roc_auc_score(labels == code, probabilities[:, code])
            assert area == pytest.approx(expected)
    guesses = probabilities.argmax(axis=1)
    if len(np.unique(np.concatenate([labels, guesses]))) > 1:
        expected = reference.cohen_kappa_score(
            labels, guesses, weights="quadratic", labels=np.arange(probabilities.shape[1])
        )
        counts = metrics.confusion_matrix(labels, guesses, probabilities.shape[1])
        found = metrics.quadratic_weighted_kappa(counts)
        assert found == pytest.approx(expected, abs=1e-9)


def test_the_ranked_score_forgives_near_misses():
    sure = np.eye(3)
    for label, score in ((0, 0), (1, 0.5), (2, 1)):
        assert metrics.row_ranked_probability_score(sure[[0]], np.array([label])) == score


def test_the_mix_error_is_nought_for_the_mix_and_one_for_another_world():
    assert metrics.mix_error(np.full((4, 2), 0.5), np.array([0, 0, 1, 1])) == 0
    wrong = np.tile([1.0, 0.0], (4, 1))
    assert metrics.mix_error(wrong, np.array([1, 1, 1, 1])) == pytest.approx(1)


def test_a_segment_given_too_much_is_told_by_its_calibration_error():
    probabilities = np.tile([0.7, 0.2, 0.1], (10, 1))
    labels = np.array([0] * 5 + [1] * 2 + [2] * 3)
    found = metrics.classwise_calibration_error(probabilities, labels)
    assert found == pytest.approx([0.2, 0, 0.2])
