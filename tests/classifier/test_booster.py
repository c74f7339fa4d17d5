import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
import xgboost as xgb

from segpredict.classifier import load
from segpredict.classifier.models import xgboost
from segpredict.classifier.training_data import feature_matrix
from segpredict.classifier.training_data import training_data_of_fold as lesson_of
from segpredict.config.classifier import XgboostOptions
from segpredict.core.tables import Panel
from segpredict.errors import ConfigError, MismatchError, SingleClassError
from small_shop import OPTIONS


@pytest.fixture(scope="module")
def taught(small):
    return small.training_data()


@pytest.fixture(scope="module")
def trees(taught):
    return xgboost.fit(taught)


def test_probabilities_are_a_row_a_customer_and_add_up_to_one(trees, taught):
    found = trees.predict_proba(taught.rows)
    assert found.shape == (taught.rows.height, taught.n_classes)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-15)


def test_reordered_and_extra_columns_change_nothing(trees, taught):
    shuffled = taught.rows.select(reversed(taught.rows.columns))
    extra = shuffled.with_columns(more=pl.lit("text"))
    assert np.array_equal(trees.predict_proba(extra), trees.predict_proba(taught.rows))


def test_a_missing_column_is_named(trees, taught):
    lacking = taught.rows.drop("recency_days")
    with pytest.raises(MismatchError, match="lacks recency_days"):
        trees.predict_proba(lacking)


def test_a_column_of_text_is_named(trees, taught):
    text = taught.rows.with_columns(pl.col("recency_days").cast(pl.String))
    with pytest.raises(MismatchError, match="recency_days as String"):
        trees.predict_proba(text)


def test_an_all_null_column_reads_as_missing(trees, taught):
    null = taught.rows.with_columns(aov=pl.lit(None))
    absent = taught.rows.with_columns(aov=pl.lit(None, pl.Float64))
    assert np.array_equal(trees.predict_proba(null), trees.predict_proba(absent))


def test_decimals_read_as_numbers(trees, taught):
    rows = taught.rows[:5].with_columns(aov=pl.lit(12.5))
    exact = rows.with_columns(aov=pl.lit(Decimal("12.50")))
    assert np.array_equal(trees.predict_proba(exact), trees.predict_proba(rows))


def test_infinities_read_as_missing():
    given = pl.DataFrame({"a": [float("inf"), float("-inf"), float("nan"), 1e300, 1]})
    assert np.isnan(feature_matrix(given, ["a"])[:4]).all()


def test_it_stores_as_json_and_reloads_equal(trees, taught):
    state = json.loads(json.dumps(trees.to_state()))
    again = load(state)
    assert again.feature_names == trees.feature_names
    assert np.array_equal(again.predict_proba(taught.rows), trees.predict_proba(taught.rows))
    assert again.to_state() == trees.to_state()


def test_early_stopped_trees_are_cut_at_the_best_round(taught):
    patient = replace(taught, options=replace(taught.options, max_rounds=200))
    cut = xgboost.fit_early_stopping(patient, patient.feature_names)
    known, later = (
        patient.at_cutoffs(patient.fit_origins),
        patient.at_cutoffs(patient.validation_origins),
    )
    losses: dict[str, dict[str, list[float]]] = {}
    tables = [
        xgboost.build_dmatrix(feature_matrix(p.rows, p.feature_names), p.feature_names, p.labels)
        for p in (known, later)
    ]
    whole = xgb.train(
        xgboost.xgboost_parameters(patient),
        tables[0],
        cut.num_boosted_rounds() + patient.options.early_stopping_rounds,
        evals=[(tables[1], "later")],
        evals_result=losses,
        verbose_eval=False,
    )
    best = int(np.argmin(losses["later"]["mlogloss"]))
    assert cut.num_boosted_rounds() == best + 1
    sliced = whole[: best + 1].predict(tables[1])
    assert np.array_equal(cut.predict(tables[1]), sliced)
    assert not np.array_equal(whole.predict(tables[1]), sliced)


def test_contributions_and_bias_add_up_to_the_margin_for_all_classes(trees, taught):
    rows = taught.rows[:50]
    sums = trees.shap_values(rows).astype(np.float64).sum(axis=2)
    assert sums == pytest.approx(trees.predict_margin(rows).astype(np.float64), abs=1e-4)


def test_margins_and_probabilities_tell_the_same(trees, taught):
    margins = trees.predict_margin(taught.rows).astype(np.float64)
    shares = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    assert trees.predict_proba(taught.rows) == pytest.approx(shares, abs=1e-6)


def test_one_and_two_threads_give_equal_trees(trees, taught):
    other = xgboost.fit(replace(taught, threads=2))
    assert np.array_equal(other.predict_proba(taught.rows), trees.predict_proba(taught.rows))
    dumps = [b.booster.get_dump(with_stats=True) for b in (trees, other)]
    assert dumps[0] == dumps[1]


def test_shuffled_rows_of_the_panel_give_equal_trees(small, trees, taught):
    shuffled = small.panel.frame.sample(fraction=1, shuffle=True, seed=3)
    panel = Panel(shuffled, small.panel.feature_names, small.panel.window)
    again = lesson_of(panel, small.schedule.test_folds[-1], taught.n_classes, OPTIONS)
    assert again.rows.equals(taught.rows)
    assert xgboost.fit(again).to_state() == trees.to_state()


def test_a_class_without_training_rows_keeps_its_column(taught):
    more = replace(taught, n_classes=taught.n_classes + 1)
    found = xgboost.fit(more).predict_proba(taught.rows)
    assert found.shape[1] == taught.n_classes + 1
    assert np.isfinite(found).all()
    # It falls with every round, and versions of XGBoost stop some rounds apart.
    assert found[:, -1].max() < 0.02


def test_a_class_missing_in_the_middle_moves_no_other_column(taught):
    moved = pl.when(pl.col("label") == 2).then(3).otherwise(pl.col("label"))
    rows = taught.rows.with_columns(label=moved.cast(pl.Int8))
    gap = replace(taught, rows=rows, n_classes=4, fit_origins=(), validation_origins=())
    found = xgboost.fit(gap).predict_proba(rows)
    assert found[:, 2].max() < 0.01
    assert found[:, 3].mean() == pytest.approx((rows["label"] == 3).mean(), abs=0.02)


def test_labels_that_are_all_the_same_are_refused(small):
    same = small.panel.frame.with_columns(label=pl.lit(1, pl.Int8))
    panel = Panel(same, small.panel.feature_names, small.panel.window)
    with pytest.raises(SingleClassError, match="S1"):
        lesson_of(panel, small.schedule.test_folds[-1], 3, OPTIONS)


def test_without_validation_origins_trees_grow_for_a_fixed_time(taught):
    alone = replace(taught, fit_origins=(), validation_origins=())
    fixed = replace(alone, options=replace(alone.options, fallback_rounds=7))
    assert xgboost.fit(fixed).n_rounds == 7


@pytest.mark.parametrize("wrong", [{"learning_rate": 0}, {"subsample": 1.5}, {"max_depth": 0}])
def test_impossible_settings_are_refused_by_name(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        XgboostOptions(**wrong)
