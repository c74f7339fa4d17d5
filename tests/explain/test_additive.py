"""The selected model is explained exactly: parts sum to its probabilities."""

import json
from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

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
    ensemble = small.training.backtest_models[-1]
    assert ensemble.pool.purchase_model is not None
    return ensemble, additive_model(ensemble, ensemble, customers)


def with_season(ensemble, index):
    bought = replace(ensemble.pool.purchase_model, seasonal_index=index)
    return replace(ensemble, pool=replace(ensemble.pool, purchase_model=bought))


def test_contributions_and_base_add_up_to_the_log_odds_of_the_ensemble(model, customers):
    ensemble, shown = model
    total = shown.shap_values(customers).sum(axis=2) + shown.base_values()
    assert_allclose(total, shown.predict_margin(customers), atol=1e-5)
    assert_allclose(total, ensemble.predict_margin(customers), atol=1e-5)


def test_probabilities_are_those_of_the_ensemble(model, customers):
    ensemble, shown = model
    assert_allclose(shown.predict_proba(customers), ensemble.predict_proba(customers), atol=1e-6)


def test_the_part_of_the_trees_is_xgboosts_own(model, customers):
    ensemble, shown = model
    trees = ensemble.xgboost_model
    own = trees.shap_values(customers)[:, :, :-1]
    assert_allclose(additive_model(trees, None, customers).shap_values(customers), own, atol=1e-7)
    found, others = shown.shap_values(customers), {*PLAYER_COLUMNS, "state_now"}
    untouched = [i for i, name in enumerate(trees.feature_names) if name not in others]
    assert untouched
    assert_allclose(found[:, :, untouched], own[:, :, untouched], atol=1e-7)


def test_the_part_of_the_markov_chain_belongs_to_the_current_segment(model, customers):
    ensemble, shown = model
    chain = np.log(ensemble.pool.markov_chain.predict_proba(customers))
    part = ensemble.pool.markov_weight * (chain - chain.mean(axis=0))
    place = shown.feature_names.index("state_now")
    without = replace(shown, markov_chain=None)
    trees = without.shap_values(customers)[:, :, without.feature_names.index("state_now")]
    assert_allclose(shown.shap_values(customers)[:, :, place] - trees, part, atol=1e-9)


def test_the_purchases_model_is_shared_out_as_shapley_would(model, customers):
    """Count over all orders in which the three players can come, for one customer."""
    _, shown = model
    purchase_model, one = replace(shown.purchase_model, weight=1.0), customers[:1]
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
    year, day = (1.8,) * 13 + (0.6,) * 26 + (1.2,) * 13, customers["cutoff"][0]
    seasonal = with_season(model[0], SeasonalIndex(year, (1.0,) * 52, day))
    shown = additive_model(seasonal, seasonal, customers)
    later = customers.with_columns(pl.col("cutoff") + 91)
    for rows in (customers, later):
        total = shown.shap_values(rows).sum(axis=2) + shown.base_values(rows["cutoff"][0])
        assert_allclose(total, seasonal.predict_margin(rows), atol=1e-5)
    both = shown.shap_values(pl.concat([customers[:9], later[:9]]))
    apart = [shown.shap_values(some[:9]) for some in (customers, later)]
    assert_array_equal(both, np.concatenate(apart))
    assert "cutoff" in shown.required_columns


def test_with_a_season_customers_of_one_day_are_explained(small, model, customers):
    index = SeasonalIndex((1.5,) * 26 + (0.5,) * 26, (1.0,) * 52, customers["cutoff"][0])
    seasonal, segments = with_season(model[0], index), small.segmentation.segments
    found = build_explainer(seasonal, None, customers, segments)
    base = np.array([found.explain(customers).base_values[s.id] for s in segments])
    total = additive_model(seasonal, None, customers).shap_values(customers).sum(axis=2) + base
    assert_allclose(total, seasonal.predict_margin(customers), atol=1e-5)
    later = customers.with_columns(pl.col("cutoff") + 91)
    with pytest.raises(MismatchError, match="have 2 cutoffs"):
        found.explain(pl.concat([customers, later]))
    with pytest.raises(ColumnMissingError, match="cutoff"):
        build_explainer(seasonal, None, customers.drop("cutoff"), segments)


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
    ensemble, shown = model
    again = additive_model_from_state(ensemble, ensemble, json.loads(json.dumps(shown.to_state())))
    assert_array_equal(again.shap_values(customers[:30]), shown.shap_values(customers[:30]))
    assert_array_equal(again.base_values(), shown.base_values())


def test_an_ensemble_without_bgnbd_is_trees_and_markov_chain(model, customers):
    pool = replace(model[0].pool, purchase_model=None, purchase_weight=0.0, markov_weight=1.0)
    ensemble = replace(model[0], pool=pool)
    shown = additive_model(ensemble, ensemble, customers)
    assert shown.purchase_model is None
    total = shown.shap_values(customers).sum(axis=2) + shown.base_values()
    assert_allclose(total, ensemble.predict_margin(customers), atol=1e-5)
    again = additive_model_from_state(ensemble, ensemble, shown.to_state())
    assert_array_equal(again.shap_values(customers), shown.shap_values(customers))


def test_bgnbd_that_is_selected_is_explained_itself_and_needs_no_ensemble(model, customers):
    bought = model[0].pool.purchase_model
    shown = additive_model(bought, None, customers)
    assert (shown.feature_names, shown.note, shown.xgboost_model, shown.markov_chain) == (
        tuple(PLAYER_COLUMNS),
        "",
        None,
        None,
    )
    found = shown.shap_values(customers)
    alone = replace(model[1].purchase_model, weight=1.0)
    assert_allclose(found, alone.shapley_values(customers), atol=1e-12)
    total = found.sum(axis=2) + shown.base_values()
    assert_allclose(total, shown.predict_margin(customers), atol=1e-9)
    odds = np.exp(total)
    scored = bought.predict_proba(customers)
    assert_allclose(odds / odds.sum(axis=1, keepdims=True), scored, atol=1e-9)
    assert_allclose(shown.predict_proba(customers), scored, atol=1e-9)
    again = additive_model_from_state(bought, model[0], shown.to_state())
    assert_array_equal(again.shap_values(customers), found)


def test_the_ensemble_is_not_explained_without_a_column_of_bgnbd(model, customers):
    for selected in (model[0], model[0].pool.purchase_model):
        with pytest.raises(ColumnMissingError, match="age_days"):
            additive_model(selected, None, customers.drop("age_days"))


def test_a_baseline_that_is_selected_is_not_passed_off_as_explained(small, model, customers):
    markov = BASELINES.get("markov").fit(small.training_data())
    shown = additive_model(markov, model[0], customers)
    assert "markov" in shown.note
    assert "the ensemble, which was not selected" in shown.note
    assert_array_equal(shown.predict_proba(customers), markov.predict_proba(customers))
    assert_array_equal(shown.shap_values(customers), model[1].shap_values(customers))
    with pytest.raises(MismatchError, match="markov, which has no contributions"):
        additive_model(markov, None, customers)


def test_trees_that_are_selected_are_explained_themselves(model, customers):
    trees = replace(model[0].xgboost_model, name="xgb_rfm4")
    shown = additive_model(trees, model[0], customers)
    assert (shown.note, shown.feature_names) == ("", trees.feature_names)
