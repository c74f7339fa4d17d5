from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import shop
from segpredict import features, segmentation
from segpredict.classifier import (
    BASELINES,
    metrics,
    run_leakage_demo,
    schedule_folds,
    train_classifier,
)
from segpredict.classifier.evaluation import backtest
from segpredict.classifier.models import xgboost
from segpredict.config.classifier import ClassifierOptions, XgboostOptions
from segpredict.config.segmentation import SegmentationOptions
from segpredict.core.transactions import MONEY_SCALE
from segpredict.errors import MismatchError, TooFewCustomersError, UnknownNameError
from small_shop import OPTIONS, TIME, segmenter

ASKED = [p.name for p in BASELINES.all_parts() if p.is_usual]
QUICK = replace(
    OPTIONS,
    families=("btyd", "rfm", "state"),
    baselines=("markov", "prior"),
    bootstrap_draws=100,
)


@pytest.fixture(scope="module")
def blind(small):
    """The same training where nothing was sold on or after the final test cutoff."""
    cutoff = small.schedule.test_folds[-1].cutoff
    past = small.transactions.lines.filter(pl.col("day") < cutoff)
    given = replace(small.transactions, lines=past)
    return train_classifier(given, small.segmentation, OPTIONS, TIME)


def test_the_evaluation_has_the_model_and_every_baseline_in_every_window(small):
    evaluation = small.training.evaluation
    names = {"ensemble", *ASKED}
    assert len(evaluation.windows) == len(small.schedule.test_folds) == 2
    for reading in (*evaluation.windows, evaluation.pooled):
        assert set(reading.scores) == set(reading.predicted_mix) == names
        assert set(reading.differences) == names - {evaluation.selected}


def test_tests_hold_the_customers_of_their_cutoff(small):
    for each, fold in zip(small.training.backtests, small.schedule.test_folds, strict=True):
        customers = small.panel.at_cutoffs(fold.cutoff)
        assert each.customers.tolist() == customers["customer_id"].to_list()
        assert each.labels.tolist() == customers["label"].to_list()


def test_the_selected_model_was_named_by_the_evaluation(small):
    training = small.training
    assert training.selected_model.name == training.evaluation.selected
    assert training.ensemble.name == "ensemble"


def test_the_selected_model_learned_from_every_complete_origin(small):
    whole = small.schedule.production_fold.train_origins
    assert whole[-1] == small.transactions.end_day - TIME.horizon
    assert set(small.schedule.test_folds[-1].train_origins) - set(whole) == set()


def test_values_are_the_mean_revenue_of_each_segment(small):
    days = small.schedule.production_fold.train_origins
    rows = small.panel.at_cutoffs(*days).filter(pl.col("label") == 2)
    spent = features.clustering_inputs(
        small.transactions, [(day, day + TIME.horizon) for day in days]
    ).with_columns(cutoff=(pl.col("end") - TIME.horizon).cast(pl.Int32))
    money = rows.join(spent, on=["customer_id", "cutoff"])["spend"]
    assert small.training.segment_values[0] == 0
    assert small.training.segment_values[2] == pytest.approx(money.mean() / MONEY_SCALE)
    assert list(small.training.segment_values) == sorted(small.training.segment_values)


def test_progress_is_told_in_rising_shares(small):
    reported = []
    train_classifier(
        small.transactions,
        small.segmentation,
        QUICK,
        TIME,
        lambda message, share: reported.append((message, share)),
    )
    shares = [share for _, share in reported]
    assert shares == sorted(shares)
    # The panel, inner validation, two tests, the comparison and the final fit.
    assert len(reported) == 6
    assert all(0 <= share < 1 for share in shares)


def test_a_baseline_that_lacks_its_columns_is_skipped_and_said_so(small):
    narrow = replace(
        OPTIONS,
        families=("basket", "state"),
        baselines=("prior", "rfm_lookup"),
        bootstrap_draws=100,
    )
    found = train_classifier(small.transactions, small.segmentation, narrow, TIME).evaluation
    assert "rfm_lookup" not in found.pooled.scores
    assert any("rfm_lookup was left out" in warning for warning in found.warnings)


def test_a_shop_that_has_closed_before_the_test_is_refused(small):
    closed = replace(small.transactions, end_day=small.transactions.end_day + 200)
    with pytest.raises(TooFewCustomersError, match="The test of 1971"):
        train_classifier(closed, small.segmentation, QUICK, TIME)


def test_an_unknown_baseline_is_named_with_the_nearest(small):
    wrong = ClassifierOptions(baselines=("markow",))
    with pytest.raises(UnknownNameError, match="markov"):
        train_classifier(small.transactions, small.segmentation, wrong, TIME)


def test_l2_no_row_of_a_test_was_learned_from(small):
    for which, fold in enumerate(small.schedule.test_folds):
        training_data = small.training_data(which)
        assert tuple(training_data.rows["cutoff"].unique().sort()) == fold.train_origins
        assert training_data.rows["cutoff"].max() + TIME.horizon <= fold.cutoff


def test_l3_a_segmenter_that_saw_a_test_outcome_is_refused(small):
    last = small.transactions.end_day
    inputs = features.clustering_inputs(small.transactions, [(last - 28, last)])
    options = SegmentationOptions(k=2, n_init=1, min_customers=0)
    seen = segmentation.fit_segmentation(inputs, options, horizon=28)
    with pytest.raises(MismatchError, match="fitted on windows up to"):
        train_classifier(small.transactions, seen, OPTIONS, TIME)


@pytest.mark.parametrize("name", ["ensemble", *ASKED])
def test_l5_l9_l11_no_final_forecast_depends_on_what_came_after(name, small, blind):
    """Cut points, medians, rounds and fits are all made before the test is opened."""
    honest = small.training.backtests[-1]
    assert not np.array_equal(honest.labels, blind.backtests[-1].labels)
    assert np.array_equal(honest.probabilities[name], blind.backtests[-1].probabilities[name])


def test_the_leakage_demo_shows_leaking_and_valid_metrics(small):
    found = run_leakage_demo(small.training, OPTIONS)
    names = ["same_window", "random_rows", "grouped_customers", "honest"]
    assert found["test"].to_list() == names
    assert found["is_honest"].to_list() == [False, False, False, True]
    same, _, grouped, honest = found.to_dicts()
    assert same["accuracy"] > 0.95
    tested = small.panel.at_cutoffs(small.schedule.test_folds[-1].cutoff)
    alone = xgboost.fit(small.training_data()).predict_proba(tested)
    scores = metrics.score_forecast(alone, tested["label"].to_numpy()).to_json()
    assert {name: honest[name] for name in scores} == scores
    assert found["accuracy"].max() - honest["accuracy"] > 0.15
    assert "does not predict" in same["meaning"]
    assert grouped["accuracy"] < same["accuracy"]


def customers(rng, count, days, draw):
    rows = []
    for i in range(count):
        rows += [(f"c{i:04d}", f"o{i}-{d}-{j}", d, v) for j, (d, v) in enumerate(draw(rng))]
    names = ["customer_id", "order_id", "day", "amount"]
    return shop.transactions(pl.DataFrame(rows, schema=names, orient="row"), days)


def noise(rng):
    """Orders at one rate for all, on any day, of any value: nothing to learn."""
    when = rng.integers(0, 420, rng.poisson(420 * 1.2 / 28))
    return [(int(day), float(rng.gamma(2) * 20)) for day in when]


def clockwork(rng):
    """Orders at fixed steps of one value: the past says all."""
    step, value = int(rng.choice([7, 28, 56, 56])), float(rng.choice([10, 40, 200]))
    return [(day, value) for day in range(int(rng.integers(0, step)), 420, step)]


# One round of deep trees that take every wobble for a fact.
OVERFIT = XgboostOptions(
    learning_rate=1.0, max_depth=8, min_child_weight=0, reg_lambda=0, max_rounds=1
)


def trained(draw, options=QUICK):
    given = customers(np.random.default_rng(3), 500, 420, draw)
    days = schedule_folds(given.first_day, given.end_day, TIME)
    return train_classifier(given, segmenter(given, days), options, TIME)


def test_a_world_of_noise_gives_no_skill():
    evaluation = trained(noise).evaluation
    for baseline in QUICK.baselines:
        # Trees fitted to noise may be a little worse than a count; never better.
        assert evaluation.pooled.differences[baseline]["log_loss"].high >= 0
        assert abs(evaluation.skill[baseline]) < 0.01


def test_trees_that_follow_noise_are_replaced_by_a_baseline_before_the_tests():
    training = trained(noise, replace(QUICK, xgboost=OVERFIT))
    evaluation = training.evaluation
    assert evaluation.model == "ensemble"
    assert evaluation.selected in QUICK.baselines
    assert evaluation.selected == training.selected_model.name
    assert training.model_of_last_test.name == evaluation.selected
    assert "windows before the tests" in evaluation.reason
    assert evaluation.skill["ensemble"] > 0
    assert set(evaluation.pooled.differences) == {"ensemble", *QUICK.baselines} - {
        evaluation.selected
    }


def test_a_world_of_clockwork_is_predicted():
    evaluation = trained(clockwork).evaluation
    assert evaluation.pooled.scores["ensemble"].accuracy >= 0.97
    assert evaluation.pooled.scores["markov"].accuracy < 0.9
    assert any("presumed leak" in warning for warning in evaluation.warnings)


def test_a_forecaster_from_outside_is_evaluated_with_the_baselines(small):
    quick = replace(QUICK, baselines=("prior",))
    outsider = replace(BASELINES.get("prior"), name="outsider")
    given = (small.transactions, small.segmentation, quick, TIME)
    found = train_classifier(*given, further=[outsider]).evaluation
    assert found.pooled.scores["outsider"] == found.pooled.scores["prior"]
    assert list(found.pooled.scores)[-1] == "outsider"


@pytest.mark.parametrize("threads_per_fold", [0.5, 1.0, 2.5])
def test_fits_that_run_side_by_side_share_the_threads(small, threads_per_fold):
    threads = max(1, int(threads_per_fold * len(small.schedule.folds)))
    seen = []
    prior = BASELINES.get("prior")

    def fit(training_data):
        seen.append(training_data.threads)
        return prior.fit(training_data)

    watched = replace(prior, name="watched", fit=fit)
    quick = replace(QUICK, baselines=("prior",), threads=threads)
    given = (small.transactions, small.segmentation, quick, TIME)
    train_classifier(*given, further=[watched])
    assert set(seen) == {max(1, int(threads_per_fold))}


def test_where_nobody_comes_back_the_purchase_model_is_left_out_and_named(small):
    training_data, cutoff = small.training_data(), small.schedule.test_folds[-1].cutoff
    once = training_data.history.customer_histories.with_columns(
        x_days=pl.lit(0.0), t_x_days=pl.lit(0.0)
    )
    lonely = replace(training_data, history=replace(training_data.history, customer_histories=once))
    customers = small.panel.at_cutoffs(cutoff)
    test = backtest.BacktestInput(cutoff, lonely, customers, customers, ())
    baselines = [BASELINES.get(name) for name in ("bgnbd_gg", "prior")]
    with ThreadPoolExecutor(1) as workers:
        (each,), notes, (model,) = backtest.run_backtests([test], baselines, workers)
    assert model.pool.purchase_model is None
    assert set(each.probabilities) == {"ensemble", "prior"}
    assert "bgnbd_gg was left out: BG/NBD, from returns," in notes[0]


def test_a_large_shop_is_trained_and_tested_on_a_sample_that_stands_for_all(small):
    options = replace(QUICK, families=("btyd", "rfm"), max_customers=150)
    found = train_classifier(small.transactions, small.segmentation, options, TIME)
    customers = found.panel.frame["customer_id"].unique()
    assert len(customers) <= 150
    assert set(found.backtests[0].customers) <= set(customers)
    everybody = small.transactions.lines.select(pl.col("customer_id").n_unique()).collect().item()
    assert found.customer_weight == everybody / 150
    assert found.evaluation.warnings[0].startswith(
        "Models are trained and tested on a sample of 150"
    )
