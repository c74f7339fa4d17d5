"""The cross-check finds what was planted, and says so where measures disagree."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from planted_drivers import trees_alone

from segpredict.classifier import BacktestReplay, replay_backtests
from segpredict.classifier.models.xgboost import fit_fixed_rounds
from segpredict.classifier.training_data import TrainingData
from segpredict.config.classifier import XgboostOptions
from segpredict.config.outputs import ExplainOptions
from segpredict.explain import check_importance
from segpredict.explain.evidence import _limit
from segpredict.explain.groups import FeatureGroup
from small_shop import OPTIONS, TIME

NAMES = ("driver", "copy", "noise_a", "noise_b")
PARTS = (
    FeatureGroup("driver", "rfm", "Recency", ("driver",)),
    FeatureGroup("copy", "rfm", "Frequency", ("copy",)),
    FeatureGroup("noise", "other", "Other", ("noise_a", "noise_b")),
)
SEEN = (
    ("x_days", "Frequency", ("x_days",)),
    ("recency", "Recency", ("recency_days", "t_x_days", "age_days")),
    ("state_now", "Segment so far", ("state_now",)),
)
FAST = ExplainOptions(refits=8, permutation_repeats=3, ablations=3)


def rows(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    driver = rng.normal(size=n)
    label = np.digitize(driver + 0.4 * rng.normal(size=n), [-0.5, 0.9])
    return pl.DataFrame(
        {
            "customer_id": [f"c{i:04d}" for i in range(n)],
            "cutoff": pl.Series([seed] * n, dtype=pl.Int32),
            "state_now": pl.Series(rng.integers(0, 3, n), dtype=pl.Int8),
            "label": pl.Series(label, dtype=pl.Int8),
            "driver": driver,
            "copy": driver + 0.01 * rng.normal(size=n),
            "noise_a": rng.normal(size=n),
            "noise_b": rng.normal(size=n),
        }
    )


def exam(seed: int) -> BacktestReplay:
    options = XgboostOptions(learning_rate=0.2, min_child_weight=5, colsample_bytree=1.0)
    known = TrainingData(rows(900, seed), NAMES, 3, options=options)
    flat = np.zeros((known.rows.height, 3))
    model = trees_alone(fit_fixed_rounds(known, NAMES, 25, start=flat))
    return BacktestReplay(seed, known, rows(600, seed + 50), model)


@pytest.fixture(scope="module")
def found():
    return check_importance((exam(1), exam(2)), PARTS, FAST)


def test_the_planted_driver_is_first_and_noise_is_below_the_null(found):
    table = found.table
    assert table["name"].to_list()[-1] == "noise"
    noise = table.filter(name="noise").row(0, named=True)
    assert not noise["is_important"]
    assert noise["loss_low"] <= 0
    assert noise["loss"] < 0.02 * table["loss"].max()
    first = table.row(0, named=True)
    assert first["name"] in {"driver", "copy"}
    assert first["is_important"]
    assert first["rank_low"] == 1
    for figure in ("shap", "loss"):
        assert (table[f"{figure}_low"] <= table[figure]).all()
        assert (table[figure] <= table[f"{figure}_high"]).all()


def test_what_another_column_says_too_can_be_left_out(found):
    """Shuffling the driver costs; without it the trees do as well, from its copy."""
    driver = found.table.filter(name="driver").row(0, named=True)
    assert driver["loss_low"] > 0
    assert abs(driver["without"]) < 0.03
    assert any("do as well" in note for note in found.notes)


def test_together_they_cannot_be_left_out():
    one = FeatureGroup("driver", "rfm", "Recency", ("driver", "copy"))
    found = check_importance((exam(1),), (one, PARTS[2]), replace(FAST, refits=2))
    assert found.table.filter(name="driver")["without_low"].item() > 0.3


def test_headlines_share_all_importance_with_intervals(found):
    words = found.headlines
    assert words["share"].sum() == pytest.approx(1.0)
    known = words.filter(words["share"] > 0)
    assert set(known["name"]) == {"Recency", "Frequency", "Other"}
    assert (known["low"] <= known["share"]).all()
    assert (known["share"] <= known["high"]).all()
    driver = words.filter(pl.col("name").is_in(["Recency", "Frequency"]))
    assert driver["share"].sum() > 0.9


def test_each_test_is_told_of(found):
    assert found.tests["cutoff"].unique().sort().to_list() == [1, 2]
    assert found.tests.height == 2 * len(PARTS)


def test_rankings_that_agree_read_near_one(found):
    assert found.agreement["shuffled"] == pytest.approx(1.0)
    assert found.agreement["interventional"] == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_bits(found):
    again = check_importance((exam(1), exam(2)), PARTS, FAST)
    assert again.table.equals(found.table)
    assert again.to_json() == found.to_json()


def test_signs_of_noise_need_a_larger_size_than_those_of_the_driver(found):
    least = found.min_reliable_contribution
    assert least["noise"] > least["driver"] or least["noise"] > 0.02


def test_a_sign_holds_from_the_size_from_which_few_models_flip_it():
    sizes = np.array([0.01, 0.05, 0.2, 0.6])
    assert _limit(sizes, np.array([0.5, 0.4, 0.1, 0.0])) == 0.2
    assert _limit(sizes, np.array([0.5, 0.5, 0.5, 0.5])) > 0.6


@pytest.fixture(scope="module")
def replays(small):
    given = (small.transactions, small.segmentation, OPTIONS, TIME)
    return replay_backtests(*given, small.training.backtest_models)


def test_what_bgnbd_and_the_markov_chain_see_is_shuffled_as_well(replays):
    """Without its trees the ensemble still loses by every column that its pool sees."""
    last = replays[-1]
    parts = tuple(FeatureGroup(name, "rfm", word, columns) for name, word, columns in SEEN)
    data, columns = last.training_data, last.training_data.feature_names
    stump = fit_fixed_rounds(data, columns, 1, start=last.model.pool.predict_margin(data.rows))
    replay = replace(last, model=replace(last.model, xgboost_model=stump))
    table = check_importance((replay,), parts, replace(FAST, refits=2)).table
    assert set(table["name"]) == {name for name, *_ in SEEN}
    loss = dict(table.select("name", "loss").iter_rows())
    assert min(loss["x_days"], loss["recency"]) > 0.1
    # The shop was drawn from BG/NBD: the Markov chain adds little to it.
    assert 0 < loss["state_now"] < 0.05
    assert (table["shap"] > 0).all()


def test_a_run_is_examined_with_the_model_of_each_test(small, replays):
    taken = replays
    assert [e.cutoff for e in taken] == [f.cutoff for f in small.schedule.test_folds]
    for one, backtest in zip(taken, small.training.backtests, strict=True):
        assert one.customers["customer_id"].to_list() == backtest.customers.tolist()
        assert np.array_equal(
            one.model.predict_proba(one.customers), backtest.probabilities[one.model.name]
        )
