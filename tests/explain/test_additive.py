"""The selected model is explained exactly: parts sum to its probabilities."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from segpredict.classifier import BlendedModel, XgboostModel
from segpredict.classifier.decisions.calibration import CalibratedModel, Calibration
from segpredict.classifier.models.baselines import BASELINES
from segpredict.classifier.models.seasonality import SeasonalIndex
from segpredict.classifier.training_data import HISTORY_COLUMNS
from segpredict.errors import ColumnMissingError, MismatchError
from segpredict.explain import build_explainer
from segpredict.explain.additive_model import additive_model, additive_model_from_state
from segpredict.explain.purchase_model import PLAYER_COLUMNS, reference_customers


@pytest.fixture(scope="module")
def customers(small) -> pl.DataFrame:
    return small.panel.at_cutoffs(small.schedule.test_folds[-1].cutoff)


@pytest.fixture(scope="module")
def model(small, customers):
    blend = replace(small.training.backtest_models[-1], weight=0.5)
    assert blend.purchase_model is not None
    return blend, additive_model(blend, blend.xgboost_model, customers)


def test_parts_and_base_add_up_to_the_log_odds(model, customers):
    _, shown = model
    total = shown.shap_values(customers).sum(axis=2) + shown.base_values()
    assert_allclose(total, shown.predict_margin(customers), atol=1e-5)


def test_the_log_odds_are_those_of_the_probabilities_that_ship(model, customers):
    blend, shown = model
    assert_allclose(shown.predict_proba(customers), blend.predict_proba(customers), atol=1e-6)


def test_the_part_of_the_trees_is_xgboosts_own(model, customers):
    blend, shown = model
    alone = additive_model(blend.xgboost_model, blend.xgboost_model, customers)
    own = blend.xgboost_model.shap_values(customers)[:, :, :-1]
    assert_allclose(alone.shap_values(customers), own, atol=1e-7)
    found = shown.shap_values(customers)
    untouched = [
        i for i, n in enumerate(blend.xgboost_model.feature_names) if n not in PLAYER_COLUMNS
    ]
    assert_allclose(found[:, :, untouched], 0.5 * own[:, :, untouched], atol=1e-7)


def test_the_purchases_model_is_shared_out_as_shapley_would(model, customers):
    """Count over all orders in which the three players can come, for one customer."""
    _, shown = model
    purchase_model, one = shown.purchase_model, customers[:1]
    rows = one.select(HISTORY_COLUMNS).to_numpy().astype(np.float32).astype(np.float64)
    names, gains = list(PLAYER_COLUMNS), np.zeros((purchase_model.model.n_classes, 3))
    for order in permutations(names):
        joined: list[int] = []
        for name in order:
            before = _worth(purchase_model, rows[0], joined)
            joined = [*joined, *PLAYER_COLUMNS[name]]
            gains[:, names.index(name)] += _worth(purchase_model, rows[0], joined) - before
    assert_allclose(purchase_model.shapley_values(one)[0], gains / 6, atol=1e-9)


def _worth(purchase_model, row, own):
    total = np.zeros(purchase_model.model.n_classes)
    for share, other in zip(
        purchase_model.reference_shares, purchase_model.reference_rows, strict=True
    ):
        joined = other.copy()
        joined[own] = row[own]
        total += share * np.log(purchase_model.model.probabilities_of_rows(joined[None, :])[0])
    return total


def test_a_reference_customer_of_each_segment_stands_for_its_share(customers):
    rows, shares = reference_customers(customers)
    counts = customers.group_by("state_now").len().sort("state_now")
    assert_allclose(shares, counts["len"].to_numpy() / customers.height)
    known = customers.select(HISTORY_COLUMNS).to_numpy().astype(np.float32)
    for row in rows:
        assert (known == row.astype(np.float32)).all(axis=1).any()


def test_the_season_is_in_the_base_and_is_nobodys_reason(model, customers):
    blend, _ = model
    year = (1.8,) * 13 + (0.6,) * 26 + (1.2,) * 13
    day = customers["cutoff"][0]
    purchase_model = replace(blend.purchase_model, seasonal_index=SeasonalIndex(year, day))
    shown = additive_model(
        replace(blend, purchase_model=purchase_model), blend.xgboost_model, customers
    )
    later = customers.with_columns(pl.col("cutoff") + 91)
    for rows in (customers, later):
        here = rows["cutoff"][0]
        total = shown.shap_values(rows).sum(axis=2) + shown.base_values(here)
        assert_allclose(total, shown.predict_margin(rows), atol=1e-5)
        result = replace(blend, purchase_model=purchase_model).predict_proba(rows)
        assert_allclose(shown.predict_proba(rows), result, atol=1e-6)
    both = shown.shap_values(pl.concat([customers[:9], later[:9]]))
    apart = [shown.shap_values(some[:9]) for some in (customers, later)]
    assert_array_equal(both, np.concatenate(apart))
    assert "cutoff" in shown.required_columns


def test_with_a_season_customers_of_one_day_are_explained(small, model, customers):
    blend, _ = model
    season = SeasonalIndex((1.5,) * 26 + (0.5,) * 26, customers["cutoff"][0])
    seasonal = replace(blend, purchase_model=replace(blend.purchase_model, seasonal_index=season))
    selected, segments = (seasonal, blend.xgboost_model), small.segmentation.segments
    found = build_explainer(*selected, customers, segments)
    base = np.array([found.explain(customers).base_values[s.id] for s in segments])
    shown = additive_model(*selected, customers)
    total = shown.shap_values(customers).sum(axis=2) + base
    assert_allclose(total, shown.predict_margin(customers), atol=1e-5)
    later = customers.with_columns(pl.col("cutoff") + 91)
    with pytest.raises(MismatchError, match="have 2 cutoffs"):
        found.explain(pl.concat([customers, later]))
    with pytest.raises(ColumnMissingError, match="cutoff"):
        build_explainer(*selected, customers.drop("cutoff"), segments)


def test_a_customer_gets_the_same_parts_alone_and_in_company(model, customers):
    _, shown = model
    some = customers[:12]
    alone = [shown.shap_values(some[i]) for i in range(some.height)]
    assert_array_equal(np.concatenate(alone), shown.shap_values(some))


def test_chunks_are_the_whole(model, customers):
    _, shown = model
    whole = shown.shap_values(customers)
    for threads in (1, 3):
        found = list(shown.shap_chunks(customers, rows=50, threads=threads))
        assert_array_equal(np.concatenate([cube for _, cube in found]), whole)
        assert pl.concat([some for some, _ in found]).equals(customers)


def test_it_comes_back_from_its_state(model, customers):
    blend, shown = model
    again = additive_model_from_state(blend, blend.xgboost_model, shown.to_state())
    assert_array_equal(again.shap_values(customers[:30]), shown.shap_values(customers[:30]))


def test_a_blend_of_trees_alone_has_no_other_part(small, customers):
    trees = small.training.xgboost_model
    shown = additive_model(BlendedModel(trees, None), trees, customers)
    assert shown.purchase_model is None
    assert shown.feature_names == trees.feature_names


def test_bgnbd_that_ships_is_explained_itself_and_needs_no_trees(model, customers):
    blend, both = model
    shown = additive_model(blend.purchase_model, None, customers)
    assert (shown.feature_names, shown.note, shown.xgboost_model) == (
        tuple(PLAYER_COLUMNS),
        "",
        None,
    )
    found = shown.shap_values(customers)
    assert_allclose(found, both.purchase_model.shapley_values(customers), atol=1e-12)
    total = found.sum(axis=2) + shown.base_values()
    assert_allclose(total, shown.predict_margin(customers), atol=1e-9)
    odds = np.exp(total)
    scored = blend.purchase_model.predict_proba(customers)
    assert_allclose(odds / odds.sum(axis=1, keepdims=True), scored, atol=1e-9)
    assert_allclose(shown.predict_proba(customers), scored, atol=1e-9)
    again = additive_model_from_state(blend.purchase_model, blend.xgboost_model, shown.to_state())
    assert_array_equal(again.shap_values(customers), found)


def test_bgnbd_alone_is_not_explained_without_a_column_it_looks_at(model, customers):
    blend, _ = model
    with pytest.raises(ColumnMissingError, match="age_days"):
        additive_model(blend.purchase_model, blend.xgboost_model, customers.drop("age_days"))


def test_a_blend_without_weight_of_the_trees_is_bgnbd_alone(model, customers):
    blend, _ = model
    none = additive_model(replace(blend, weight=0.0), blend.xgboost_model, customers)
    alone = additive_model(blend.purchase_model, blend.xgboost_model, customers)
    assert none.xgboost_model is None
    assert_array_equal(none.shap_values(customers), alone.shap_values(customers))


def test_tests_are_examined_by_the_part_that_is_explained(model, customers):
    blend, both = model
    trees, bought = (
        additive_model(part, blend.xgboost_model, customers)
        for part in (blend.xgboost_model, blend.purchase_model)
    )
    result = [shown.explained_part(blend).weight for shown in (both, trees, bought)]
    assert result == [0.5, 1.0, 0.0]


def test_a_baseline_that_ships_is_not_passed_off_as_explained(small, customers):
    markov = BASELINES.get("markov").fit(small.training_data())
    shown = additive_model(markov, small.training.xgboost_model, customers)
    assert "markov" in shown.note
    assert "trees, which were not selected" in shown.note
    with pytest.raises(MismatchError, match="markov, which has no contributions"):
        additive_model(markov, None, customers)


def test_trees_on_fewer_columns_are_no_trees_of_the_run(small, customers):
    trees = small.training.xgboost_model
    few = XgboostModel(trees.booster, trees.feature_names, trees.n_classes, "xgb_rfm4")
    assert "The selected model is xgb_rfm4" in additive_model(few, trees, customers).note


def test_what_was_calibrated_is_explained_as_it_was_before(small, customers):
    calibrated = CalibratedModel(small.training.xgboost_model, Calibration())
    assert "calibration" in additive_model(calibrated, small.training.xgboost_model, customers).note
