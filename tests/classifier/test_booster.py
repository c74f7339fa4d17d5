import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from scipy.special import softmax

from segpredict.classifier import load, metrics
from segpredict.classifier.models import xgboost
from segpredict.classifier.models.baselines._baseline import smoothed_shares
from segpredict.classifier.training_data import TrainingData, feature_matrix, sample_customers
from segpredict.classifier.training_data import training_data_of_fold as lesson_of
from segpredict.config.classifier import XgboostOptions
from segpredict.core.panel import Panel
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


def planted(strength, rows=1500, seed=2):
    """Return training data in which one of five columns matters, this strongly."""
    rng = np.random.default_rng(seed)
    columns = {f"column_{i}": rng.normal(size=rows) for i in range(5)}
    chance = 1 / (1 + np.exp(-strength * columns["column_0"]))
    frame = pl.DataFrame(columns).with_columns(
        customer_id=pl.Series([f"c{i // 3:04d}" for i in range(rows)]),
        cutoff=pl.lit(0, pl.Int32),
        label=pl.Series((rng.random(rows) < chance).astype(np.int8)),
    )
    options = XgboostOptions(learning_rate=0.1, max_rounds=200, early_stopping_rounds=20)
    return TrainingData(frame, tuple(columns), 2, options)


def cross_fit(given):
    shares = np.log(smoothed_shares(given.labels, given.n_classes))
    return xgboost.fit_halves(given, [np.tile(shares, (given.rows.height, 1))])[0]


def test_noise_is_given_few_rounds_and_a_planted_signal_many():
    few, many = (cross_fit(planted(strength)).rounds for strength in (0.0, 2.0))
    assert few <= 10
    assert 20 < many < 200


def test_rounds_are_those_with_the_least_loss_on_the_other_half_of_the_customers():
    given = planted(1.0)
    found = cross_fit(given)
    halves = [given.rows.filter(half) for half in xgboost.customer_halves(given.rows)]
    assert not set(halves[0]["customer_id"]) & set(halves[1]["customer_id"])
    start = np.log(smoothed_shares(given.labels, 2))

    def held_out(rounds):
        for known, other in (halves, halves[::-1]):
            trees = xgboost.fit_fixed_rounds(
                replace(given, rows=known),
                given.feature_names,
                rounds,
                start=np.tile(start, (known.height, 1)),
            )
            chances = softmax(trees.predict_margin(other) + start, axis=1)
            yield chances, other["label"].to_numpy()

    def loss(rounds):
        return sum(metrics.row_log_loss(*each).mean() for each in held_out(rounds))

    best = found.rounds
    around = {rounds: loss(rounds) for rounds in (best - 3, best, best + 3) if rounds > 0}
    assert min(around, key=around.get) == best
    (_, first), (second, _) = xgboost.customer_halves(given.rows), [c for c, _ in held_out(best)]
    assert softmax(found.margin[first], axis=1) == pytest.approx(second, abs=1e-5)


def test_one_and_two_threads_find_the_same_trees():
    given = planted(1.0)
    one, two = (cross_fit(replace(given, threads=n)) for n in (1, 2))
    assert np.array_equal(one.margin, two.margin)


def test_a_single_customer_has_no_halves():
    given = planted(1.0)
    alone = cross_fit(replace(given, rows=given.rows.with_columns(customer_id=pl.lit("c0"))))
    assert (alone.rounds, len(alone.models)) == (1, 1)


def test_a_weighted_sum_of_boosters_adds_margins_and_contributions(trees, taught):
    other = xgboost.fit_fixed_rounds(taught, taught.feature_names, 3)
    both = xgboost.weighted_sum([(0.7, trees), (0.3, other)])
    rows = taught.rows[:50]
    expected = 0.7 * trees.predict_margin(rows) + 0.3 * other.predict_margin(rows)
    assert both.predict_margin(rows) == pytest.approx(expected, abs=1e-5)
    contributions = 0.7 * trees.shap_values(rows) + 0.3 * other.shap_values(rows)
    assert both.shap_values(rows) == pytest.approx(contributions, abs=1e-5)
    assert both.n_rounds == trees.n_rounds + 3
    again = load(json.loads(json.dumps(both.to_state())))
    assert np.array_equal(again.predict_proba(rows), both.predict_proba(rows))


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
    gap = replace(taught, rows=rows, n_classes=4)
    found = xgboost.fit(gap).predict_proba(rows)
    assert found[:, 2].max() < 0.01
    assert found[:, 3].mean() == pytest.approx((rows["label"] == 3).mean(), abs=0.02)


def test_labels_that_are_all_the_same_are_refused(small):
    same = small.panel.frame.with_columns(label=pl.lit(1, pl.Int8))
    panel = Panel(same, small.panel.feature_names, small.panel.window)
    with pytest.raises(SingleClassError, match="S1"):
        lesson_of(panel, small.schedule.test_folds[-1], 3, OPTIONS)


@pytest.mark.parametrize("wrong", [{"learning_rate": 0}, {"subsample": 1.5}, {"max_depth": 0}])
def test_impossible_settings_are_refused_by_name(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        XgboostOptions(**wrong)


def test_above_the_limit_of_rows_customers_are_sampled_whatever_the_order():
    rows = pl.DataFrame({"customer_id": [f"c{i % 97:02d}" for i in range(1000)]}).with_row_index()
    sampled = sample_customers(rows, 400)
    shuffled = sample_customers(rows.sample(fraction=1, shuffle=True, seed=3), 400)
    assert shuffled.sort("index").equals(sampled)
    chosen = sampled["customer_id"].unique()
    assert sampled.height == rows.filter(pl.col("customer_id").is_in(chosen.implode())).height
    assert len(chosen) == 97 * 400 // 1000
    assert sample_customers(rows, 1000) is rows


def test_above_the_limit_every_second_origin_is_used_then_a_sample_of_customers(small, taught):
    fold, rows = small.schedule.test_folds[-1], taught.rows
    second = sorted(set(rows["cutoff"]), reverse=True)[::2]
    every_second = rows.filter(pl.col("cutoff").is_in(second))
    wide = lesson_of(
        small.panel, fold, taught.n_classes, replace(OPTIONS, max_rows=rows.height - 1)
    )
    assert wide.rows.equals(every_second)
    few = replace(OPTIONS, max_rows=every_second.height // 2)
    found = lesson_of(small.panel, fold, taught.n_classes, few).rows
    assert 0.35 < found.height / every_second.height < 0.65
    assert set(found["cutoff"]) == set(second)
