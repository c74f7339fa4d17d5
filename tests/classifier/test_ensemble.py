"""The ensemble: a pool of two forecasts, and trees on top of it."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import softmax

from segpredict.classifier import load
from segpredict.classifier.models import ensemble, pool, xgboost
from segpredict.classifier.models.baselines._baseline import smoothed_shares
from segpredict.classifier.models.pool import pool_weights


@pytest.fixture(scope="module")
def data(small):
    return small.training_data()


@pytest.fixture(scope="module")
def model(data):
    return ensemble.fit(data)


@pytest.fixture(scope="module")
def lonely(data):
    """The same rows where no customer ever came back, so that BG/NBD cannot be fitted."""
    once = data.history.customer_histories.with_columns(x_days=pl.lit(0.0), t_x_days=pl.lit(0.0))
    return replace(data, history=replace(data.history, customer_histories=once))


def test_probabilities_are_those_of_pool_and_trees_together(data, model):
    part = model.pool
    weighted = part.purchase_weight * np.log(part.purchase_model.predict_proba(data.rows))
    weighted += part.markov_weight * np.log(part.markov_chain.predict_proba(data.rows))
    margin = weighted + model.xgboost_model.predict_margin(data.rows)
    margin[:, 0] += model.level
    assert model.predict_proba(data.rows) == pytest.approx(softmax(margin, axis=1))


def test_the_trees_begin_at_the_pool_and_at_the_class_shares(data, model):
    whole = model.pool.scaled(1 / model.pool_weight)
    start = whole.predict_margin(data.rows)
    first = xgboost.fit_fixed_rounds(data, data.feature_names, model.rounds[0], start=start)
    season = model.pool.scaled(0.0).predict_margin(data.rows)
    odds = np.log(smoothed_shares(data.labels, data.n_classes))
    (halves,) = xgboost.fit_halves(data, [odds + season])
    assert model.rounds == (first.n_rounds, halves.rounds)
    other = sum(trees.predict_margin(data.rows) for trees in halves.models) / 2 + odds
    weight = model.pool_weight
    expected = weight * first.predict_margin(data.rows) + (1 - weight) * other
    assert model.xgboost_model.predict_margin(data.rows) == pytest.approx(expected, abs=1e-5)


def test_an_ensemble_fitted_again_is_the_same(data, model):
    starts = model.starts(data)
    again = model.refit(data, starts)
    assert again.predict_proba(data.rows) == pytest.approx(model.predict_proba(data.rows), abs=1e-5)
    fewer = model.refit(data, starts, data.feature_names[:5])
    assert fewer.xgboost_model.feature_names == data.feature_names[:5]
    doubled = model.refit(data, starts, weights=np.full(data.rows.height, 2.0))
    assert not np.array_equal(
        doubled.predict_proba(data.rows), model.predict_proba(data.rows)
    )  # heavier rows lie further above the penalty


@pytest.mark.parametrize("share", [1.0, 0.6, 0.0])
def test_the_weight_of_a_start_is_the_likeliest(share):
    members, labels = mixture(share, 1 - share)
    assert ensemble._likeliest_weight(*members, labels) == pytest.approx(share, abs=0.05)


def test_a_move_that_was_never_seen_is_not_ruled_out(data):
    never = (data.states == 1) & (data.labels == 2)
    rows = data.rows.filter(~pl.Series(never))
    seen = replace(data, rows=rows)
    simple = pool.fit(seen).pool
    share = (seen.labels == 2).mean()
    assert 0.05 * share < simple.markov_chain.transition_matrix[1][2] < 0.2 * share
    assert sum(simple.markov_chain.transition_matrix[1]) == pytest.approx(1)


def test_the_ensemble_comes_back_from_its_state_to_the_bit(data, model):
    again = load(json.loads(json.dumps(model.to_state(), allow_nan=False)))
    assert again.name == "ensemble"
    assert np.array_equal(again.predict_proba(data.rows), model.predict_proba(data.rows))
    assert again.to_state() == model.to_state()


def test_a_customer_is_forecast_alike_alone_and_in_company(data, model):
    rows = data.rows[:20]
    alone = np.concatenate([model.predict_proba(rows[i]) for i in range(20)])
    assert np.array_equal(alone, model.predict_proba(rows))


def test_one_and_two_threads_give_the_same_ensemble(data, model):
    other = ensemble.fit(replace(data, threads=2))
    assert other.to_state() == model.to_state()


def test_where_nobody_came_back_the_pool_is_the_markov_chain(lonely):
    found = ensemble.fit(lonely)
    assert found.pool.purchase_model is None
    assert found.note.startswith("BG/NBD takes no part: ")
    chain = np.log(found.pool.markov_chain.predict_proba(lonely.rows))
    assert found.pool.predict_margin(lonely.rows) == pytest.approx(found.pool_weight * chain)
    again = load(json.loads(json.dumps(found.to_state(), allow_nan=False)))
    assert np.array_equal(again.predict_proba(lonely.rows), found.predict_proba(lonely.rows))


def test_rows_without_a_history_are_pooled_without_bgnbd(data):
    found = pool.fit(replace(data, history=None))
    alone = found.pool
    assert (alone.purchase_model, alone.purchase_weight, alone.markov_weight) == (None, 0.0, 1.0)
    assert np.array_equal(found.margin, alone.predict_margin(data.rows))
    assert (found.windows, found.note) == (0.0, "")


def mixture(first, second, rows=20_000, seed=5):
    """Return two forecasts and labels drawn from their log-linear pool with these weights."""
    rng = np.random.default_rng(seed)
    members = tuple(np.log(rng.dirichlet([2.0, 1.5, 1.0], rows)) for _ in range(2))
    truth = softmax(first * members[0] + second * members[1], axis=1)
    edges = truth.cumsum(axis=1)[:, :-1]
    return members, (edges < rng.random((rows, 1))).sum(axis=1)


@pytest.mark.parametrize("planted", [(1.0, 0.0), (0.7, 0.3), (0.4, 1.1)])
def test_the_weights_of_a_planted_mixture_are_found(planted):
    members, labels = mixture(*planted)
    assert pool_weights(members, labels, windows=1e9) == pytest.approx(planted, abs=0.05)


def test_few_windows_leave_the_weights_near_even():
    members, labels = mixture(1.0, 0.0)
    likeliest = np.array(pool_weights(members, labels, windows=1e9))
    assert pool_weights(members, labels, windows=0.0) == (0.5, 0.5)
    # Two windows weigh as much as the even weights.
    assert pool_weights(members, labels, windows=2.0) == pytest.approx((likeliest + 0.5) / 2)


def test_windows_are_counted_without_their_overlaps(data):
    days = data.rows["cutoff"]
    expected = 1 + (days.max() - days.min()) / data.history.days_to_complete
    assert pool._windows(data.rows, data.history) == expected
    newest = data.at_cutoffs([days.max()])
    assert pool._windows(newest.rows, data.history) == 1
