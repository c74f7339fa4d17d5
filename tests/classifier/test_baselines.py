import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from segpredict.classifier import BASELINES, load
from segpredict.classifier.training_data import TrainingData
from segpredict.errors import UnknownNameError


def rows(**columns):
    codes = {"state_now", "state_before", "label"}
    return pl.DataFrame(
        {
            name: pl.Series(values, dtype=pl.Int8 if name in codes else pl.Float64)
            for name, values in columns.items()
        }
    ).with_columns(
        customer_id=pl.int_range(pl.len()).cast(pl.String),
        cutoff=pl.lit(0, pl.Int32),
    )


NAMES = [p.name for p in BASELINES.all_parts()]

EIGHT = rows(
    state_now=[0, 0, 0, 0, 1, 1, 1, 1],
    state_before=[0] * 8,
    label=[0, 0, 0, 1, 1, 1, 1, 0],
)


def fit(name, given, classes=2):
    names = tuple(c for c in given.columns if c not in {"label", "customer_id"})
    return BASELINES.get(name).fit(TrainingData(given, names, classes))


def test_the_prior_is_the_smoothed_class_mix():
    # (4 + ½) / (8 + 1) each
    assert fit("prior", EIGHT).predict_proba(EIGHT[:1]).tolist() == [[0.5, 0.5]]
    three = fit("prior", EIGHT, classes=3).predict_proba(EIGHT[:1])[0]
    assert three.tolist() == pytest.approx([4.5 / 9.5, 4.5 / 9.5, 0.5 / 9.5])


def test_markov_is_the_smoothed_transition_matrix():
    # From 0: (3 + ½) / (4 + 1) and (1 + ½) / (4 + 1); from 1 the other way round.
    found = fit("markov", EIGHT).predict_proba(EIGHT[[0, 4]])
    assert found == pytest.approx(np.array([[0.7, 0.3], [0.3, 0.7]]))


def test_markov_of_a_state_never_left_is_even():
    found = fit("markov", EIGHT, classes=3).predict_proba(rows(state_now=[2]))
    assert found.tolist() == [pytest.approx([1 / 3] * 3)]


def test_persistence_doubts_as_much_as_people_move():
    # Six of eight stay; ε solves 1 − ε + ε/2 = ¾, the maximum-likelihood choice.
    forecaster = fit("persistence", EIGHT)
    assert forecaster.error_rate == pytest.approx(0.5, abs=0.011)
    assert forecaster.predict_proba(EIGHT[[0, 4]]) == pytest.approx(
        np.array([[0.75, 0.25], [0.25, 0.75]]), abs=0.006
    )


def test_persistence_says_stay_to_everybody_even_where_staying_is_rare():
    given = rows(
        state_now=[0, 1, 1, 1, 1, 2, 2, 2],
        state_before=[0] * 8,
        label=[0, 0, 0, 0, 0, 0, 0, 1],
    )
    found = fit("persistence", given, classes=3).predict_proba(given)
    assert found.argmax(axis=1).tolist() == given["state_now"].to_list()


def test_persistence_is_as_sure_as_customers_are_steady():
    steady = EIGHT.with_columns(label=pl.col("state_now"))
    restless = EIGHT.with_columns(label=(1 - pl.col("state_now")).cast(pl.Int8))
    assert fit("persistence", steady).error_rate < 0.02
    assert fit("persistence", restless).error_rate > 0.9


def test_the_lookup_draws_each_cell_towards_markov():
    given = rows(
        state_now=[0] * 10,
        state_before=[0] * 10,
        label=[0] * 8 + [1] * 2,
        recency_days=[1, 1, 3, 3, 5, 5, 7, 7, 9, 9],
        freq_days_364=[1] * 10,
    )
    forecaster = fit("rfm_lookup", given)
    markov = np.array([8.5, 2.5]) / 11
    # The last fifth holds the two with label 1, the first one two with label 0.
    requested = given[[0, 9]]
    expected = [(50 * markov + [2, 0]) / 52, (50 * markov + [0, 2]) / 52]
    assert forecaster.predict_proba(requested) == pytest.approx(np.array(expected))
    unseen = requested[:1].with_columns(state_now=pl.lit(1, pl.Int8))
    assert forecaster.predict_proba(unseen).tolist() == [pytest.approx([0.5, 0.5])]


def test_equal_customers_share_a_cell_of_the_lookup():
    given = rows(
        state_now=[0] * 20,
        state_before=[0] * 20,
        label=[0, 1] * 10,
        recency_days=[4] * 20,
        freq_days_364=[1] * 19 + [2],
    )
    found = fit("rfm_lookup", given).predict_proba(given[:19])
    assert len(np.unique(found, axis=0)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_gives_probabilities(name, small):
    training_data = small.training_data()
    found = BASELINES.get(name).fit(training_data).predict_proba(training_data.rows)
    assert found.shape == (training_data.rows.height, training_data.n_classes)
    assert found.dtype == np.float64
    assert np.allclose(found.sum(axis=1), 1, atol=1e-12)
    assert found.min() > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_stores_as_json_and_reloads_equal(name, small):
    training_data = small.training_data()
    forecaster = BASELINES.get(name).fit(training_data)
    again = load(json.loads(json.dumps(forecaster.to_state(), allow_nan=False)))
    assert again.name == forecaster.name == name
    assert np.array_equal(
        again.predict_proba(training_data.rows), forecaster.predict_proba(training_data.rows)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_asks_columns_by_name(name, small):
    training_data = small.training_data()
    forecaster = BASELINES.get(name).fit(training_data)
    reordered = training_data.rows.select(reversed(training_data.rows.columns))
    assert np.array_equal(
        forecaster.predict_proba(reordered), forecaster.predict_proba(training_data.rows)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_forecasts_a_customer_alike_alone_and_in_company(name, small):
    training_data = small.training_data()
    forecaster = BASELINES.get(name).fit(training_data)
    alone = np.concatenate([forecaster.predict_proba(training_data.rows[i]) for i in range(20)])
    assert np.array_equal(alone, forecaster.predict_proba(training_data.rows[:20]))


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_survives_a_class_without_training_rows(name, small):
    training_data = small.training_data()
    more = replace(training_data, n_classes=training_data.n_classes + 1)
    found = BASELINES.get(name).fit(more).predict_proba(training_data.rows)
    assert found.shape[1] == training_data.n_classes + 1
    assert np.isfinite(found).all()
    assert found[:, -1].max() < 0.5


def test_the_logit_survives_a_column_without_values(small):
    training_data = small.training_data()
    name = training_data.feature_names[-1]
    empty = training_data.rows.with_columns(pl.lit(None, pl.Float64).alias(name))
    forecaster = BASELINES.get("logit").fit(
        TrainingData(empty, training_data.feature_names, training_data.n_classes)
    )
    assert np.isfinite(forecaster.predict_proba(training_data.rows)).all()
    state = json.loads(json.dumps(forecaster.to_state(), allow_nan=False))
    assert np.array_equal(load(state).predict_proba(empty), forecaster.predict_proba(empty))


def test_an_unknown_kind_of_state_is_refused_by_name():
    with pytest.raises(UnknownNameError, match="markow"):
        load({"kind": "markow"})


def test_the_second_order_chain_backs_off_to_the_first():
    given = rows(
        state_now=[1] * 100,
        state_before=[0] * 50 + [1] * 50,
        label=[0] * 50 + [1] * 50,
    )
    found = fit("markov2", given).predict_proba(given[[0, 99]])
    # Markov says ½ from 1: (50 + 50·½) / 100 for what each half did.
    assert found == pytest.approx(np.array([[0.75, 0.25], [0.25, 0.75]]))
    unseen = given[:1].with_columns(state_now=pl.lit(0, pl.Int8), state_before=pl.lit(1, pl.Int8))
    assert fit("markov2", given).predict_proba(unseen).tolist() == [[0.5, 0.5]]


def test_the_rule_grid_draws_each_name_towards_everybody():
    given = rows(
        state_now=[0] * 10,
        state_before=[0] * 10,
        label=[0] * 8 + [1] * 2,
        recency_days=[float(day) for day in range(1, 11)],
        freq_days_364=[1.0] * 10,
        spend_364=[5.0] * 10,
    )
    mix = np.array([8.5, 2.5]) / 11
    # Equal frequencies score 3; the two longest silent are "At risk" with two more.
    found = fit("rules_grid", given).predict_proba(given[[9]])
    assert found[0] == pytest.approx((50 * mix + [2, 2]) / 54)
