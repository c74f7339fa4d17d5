import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from segpredict.classifier import load
from segpredict.classifier.models import blend, xgboost


@pytest.fixture(scope="module")
def model(small):
    return blend.fit(small.training_data())


def test_the_blend_is_the_scaled_geometric_mean_of_its_parts(small, model):
    rows = small.training_data().rows
    both = np.sqrt(
        model.xgboost_model.predict_proba(rows) * model.purchase_model.predict_proba(rows)
    )
    expected = both / both.sum(axis=1, keepdims=True)
    assert model.predict_proba(rows) == pytest.approx(expected)


def test_the_trees_of_the_blend_are_the_booster(small, model):
    assert model.xgboost_model.to_state() == xgboost.fit(small.training_data()).to_state()


def test_the_blend_stores_as_json_and_reloads_equal(small, model):
    rows = small.training_data().rows
    again = load(json.loads(json.dumps(model.to_state(), allow_nan=False)))
    assert again.name == "blend"
    assert np.array_equal(again.predict_proba(rows), model.predict_proba(rows))


def test_a_customer_is_forecast_alike_alone_and_in_company(small, model):
    rows = small.training_data().rows[:20]
    alone = np.concatenate([model.predict_proba(rows[i]) for i in range(20)])
    assert np.array_equal(alone, model.predict_proba(rows))


def test_where_nobody_came_back_the_trees_stand_alone(small):
    training_data = small.training_data()
    once = training_data.history.customer_histories.with_columns(
        x_days=pl.lit(0.0), t_x_days=pl.lit(0.0)
    )
    lonely = replace(training_data, history=replace(training_data.history, customer_histories=once))
    found = blend.fit(lonely)
    assert found.purchase_model is None
    assert np.array_equal(
        found.predict_proba(training_data.rows),
        found.xgboost_model.predict_proba(training_data.rows),
    )
    again = load(json.loads(json.dumps(found.to_state(), allow_nan=False)))
    assert np.array_equal(
        again.predict_proba(training_data.rows), found.predict_proba(training_data.rows)
    )
