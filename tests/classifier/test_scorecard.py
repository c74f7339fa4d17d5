import numpy as np
import polars as pl
import pytest

from segpredict.classifier import metrics
from segpredict.classifier.evaluation.bootstrap import Resampling
from segpredict.classifier.evaluation.scorecard import SCORECARD_SCHEMA, build_scorecard

COMPARED = ("log_loss", "rps", "auc", "quadratic_kappa", "mix_error")


@pytest.fixture(scope="module")
def card(small):
    return small.training.scorecard


def one(card, **wanted):
    found = card.filter(**wanted)
    assert found.height == 1, found
    return found.row(0, named=True)


def test_each_figure_stands_in_one_row(card):
    assert dict(card.schema) == SCORECARD_SCHEMA
    keys = ["window", "stratum", "group", "forecaster", "metric"]
    assert not card.select(keys).is_duplicated().any()


def test_the_figures_of_a_window_are_those_of_its_trial(small, card):
    backtest = small.training.backtests[-1]
    day = small.training.evaluation.windows[-1].to_json()["cutoff"]
    for name in ("ensemble", "markov"):
        plain = metrics.score_forecast(backtest.probabilities[name], backtest.labels).to_json()
        for metric in COMPARED:
            result = one(card, window=day, forecaster=name, metric=metric, stratum="all")
            assert result["value"] == pytest.approx(plain[metric])


def test_strata_part_all_rows_and_their_losses_add_up(small, card):
    whole = one(card, window="pooled", stratum="all", forecaster="ensemble", metric="log_loss")
    for stratum in ("segment_now", "is_new", "long_inactive", "value_decile"):
        parts = card.filter(stratum=stratum, forecaster="ensemble", metric="log_loss")
        assert parts["n"].sum() == whole["n"]
        mean = (parts["n"] * parts["value"]).sum() / whole["n"]
        assert mean == pytest.approx(whole["value"])


def test_intervals_hold_their_values(card):
    bounded = card.filter(pl.col("low").is_not_null(), pl.col("value").is_not_null())
    gaps = bounded.filter(metric="log_loss_minus_markov")
    assert gaps.height > 5
    assert (gaps["low"] <= gaps["value"]).all()
    assert (gaps["value"] <= gaps["high"]).all()
    model = bounded.filter(forecaster="ensemble", metric="ece")
    assert model.height == 1


@pytest.mark.parametrize("shipped", [None, "ensemble", "markov"])
def test_calibration_errors_of_what_ships_are_bounded_in_every_segment(small, shipped):
    training = small.training
    ids = training.evaluation.segments
    card = build_scorecard(training.backtests, ids, Resampling(100, 7), shipped)
    for name in {"ensemble", shipped or "ensemble"}:
        for metric in ("ece", *(f"ece_{i}" for i in ids)):
            row = one(card, window="pooled", stratum="all", forecaster=name, metric=metric)
            assert 0 <= row["low"] <= row["value"] <= row["high"] < 1  # holds its estimate
    unbounded = card.filter(forecaster="prior", metric="ece", window="pooled")
    assert unbounded["low"].to_list() == [None]


def test_new_customers_are_those_of_the_panel(small, card):
    days = [fold.cutoff for fold in small.schedule.test_folds]
    new = int(small.panel.at_cutoffs(*days)["is_new"].sum())
    result = one(card, stratum="is_new", group="yes", forecaster="ensemble", metric="log_loss")
    assert result["n"] == new


def test_the_same_seed_gives_the_same_table(small, card):
    again = build_scorecard(
        small.training.backtests, small.training.evaluation.segments, Resampling(200, 7)
    )
    # What follows tells of the use of the forecasts (`conduct`).
    assert again.equals(card.head(again.height))


def test_a_missing_class_has_no_area():
    probabilities, labels = np.full((4, 3), 1 / 3), np.array([0, 0, 1, 1])
    assert np.isnan(metrics.classwise_roc_auc(probabilities, labels)[2])
    assert metrics.score_forecast(probabilities, labels).auc == 0.5
