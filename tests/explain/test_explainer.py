"""Contributions are exact, complete, selected by name, and the same on every run."""

import numpy as np
import polars as pl
import pytest
import shap
import xgboost as xgb
from numpy.testing import assert_allclose, assert_array_equal
from planted_drivers import CLASSES, DECLARED, NAMES, knowing, told
from polars.testing import assert_frame_equal

from segpredict.errors import ColumnMissingError, MismatchError
from segpredict.explain import Explanation


def explained(booster: xgb.Booster, frame: pl.DataFrame, rows: int = 90) -> Explanation:
    return told(booster, frame, rows, DECLARED)


def margins(booster: xgb.Booster, frame: pl.DataFrame) -> np.ndarray:
    matrix = xgb.DMatrix(frame.select(NAMES).to_numpy(), feature_names=list(NAMES))
    return booster.predict(matrix, output_margin=True)


def test_contributions_and_base_add_up_to_the_margin_in_every_class(booster, frame):
    found = explained(booster, frame, rows=600)
    base = np.array([found.base_values[segment.id] for segment in CLASSES])
    total = found.contribution_array().sum(axis=2) + base
    assert_allclose(total, margins(booster, frame.sort("customer_id")), atol=1e-5)


def test_the_margin_that_is_explained_is_the_one_that_is_scored(booster, frame):
    found = explained(booster, frame, rows=600)
    base = np.array([found.base_values[segment.id] for segment in CLASSES])
    exp = np.exp(found.contribution_array().sum(axis=2) + base)
    matrix = xgb.DMatrix(frame.select(NAMES).to_numpy(), feature_names=list(NAMES))
    assert_allclose(exp / exp.sum(axis=1, keepdims=True), booster.predict(matrix), atol=1e-5)


def test_shap_and_xgboost_agree_to_float_precision(booster, frame):
    found = explained(booster, frame, rows=600)
    cells = frame.sort("customer_id").select(NAMES).to_numpy().astype(np.float32)
    whole = shap.TreeExplainer(booster).shap_values(cells)
    assert_allclose(found.contribution_array(), np.transpose(whole, (0, 2, 1)), atol=1e-5)
    table = xgb.DMatrix(cells, feature_names=list(NAMES))
    own = booster.predict(table, pred_contribs=True)
    assert_allclose(found.contribution_array(), own[:, :, :-1], atol=1e-6)
    assert_allclose(own[:, :, -1], np.tile(list(found.base_values.values()), (600, 1)))


def test_columns_are_chosen_by_name_whatever_their_order(booster, frame):
    turned = frame.select(reversed(frame.columns))
    first, second = explained(booster, frame), explained(booster, turned)
    assert_frame_equal(first.contributions, second.contributions)


def test_rows_in_another_order_give_the_same_bits(booster, frame):
    shuffled = frame.sample(fraction=1, shuffle=True, seed=5)
    first, second = explained(booster, frame), explained(booster, shuffled)
    assert_frame_equal(first.contributions, second.contributions, check_exact=True)
    assert_frame_equal(first.importance, second.importance, check_exact=True)


def test_a_null_is_a_missing_value_to_the_booster(booster, frame):
    nulls = frame.with_columns(driver=pl.lit(None, pl.Float64))
    nans = frame.with_columns(driver=pl.lit(float("nan")))
    one, two = explained(booster, nulls), explained(booster, nans)
    assert_array_equal(one.contribution_array(), two.contribution_array())
    values = explained(booster, nulls).contributions.filter(feature="driver")["value"]
    assert values.null_count() == values.len()


def test_a_feature_of_nulls_and_unsigned_whole_numbers_are_taken(booster, frame):
    odd = frame.with_columns(noise_a=pl.lit(None, pl.Null), helper=pl.lit(3, pl.UInt8))
    assert explained(booster, odd).n_customers == 90


def test_no_customers_give_empty_tables_and_zero_importance(booster, frame):
    found = explained(booster, frame.clear())
    assert found.contributions.height == 0
    assert found.importance["mean_abs"].sum() == 0
    assert found.importance.filter(scope="all")["feature"].to_list() == list(NAMES)
    assert set(found.base_values) == {"S0", "S1", "S2"}


def test_one_customer_is_explained(booster, frame):
    found = explained(booster, frame[:1])
    assert found.contributions.height == (3 + 1) * 4


def test_one_customers_reasons_come_strongest_first(booster, frame):
    reasons = explained(booster, frame, rows=600).customer_contributions("c0001")
    margins = reasons.filter(pl.col("against_id").is_null())
    assert margins["class_id"].to_list() == ["S0"] * 4 + ["S1"] * 4 + ["S2"] * 4
    strengths = margins.filter(class_id="S2")["contribution"].abs().to_list()
    assert strengths == sorted(strengths, reverse=True)


def test_a_customer_outside_the_sample_is_named_in_the_error(booster, frame):
    with pytest.raises(MismatchError, match="nobody"):
        explained(booster, frame).customer_contributions("nobody")


def test_a_missing_column_is_named(booster, frame):
    with pytest.raises(ColumnMissingError, match="helper"):
        explained(booster, frame.drop("helper"))


def test_names_that_are_not_the_boosters_are_refused(booster, frame):
    wrong = ("driver", "noise_a", "helper", "noise_b")
    with pytest.raises(MismatchError, match="not those that the booster"):
        knowing(booster, frame, wrong)


def test_classes_that_are_not_the_boosters_are_refused(booster, frame):
    with pytest.raises(MismatchError, match="predicts 3 segments and 2"):
        knowing(booster, frame, classes=CLASSES[:2])
