"""Importance is the mean size of contributions, counted by hand and planted."""

import json

import polars as pl
import pytest
from planted_drivers import DECLARED, told

from segpredict.explain import importance_json
from segpredict.explain.importance import feature_importance

# Two customers, two classes, two features.
ROWS = [
    ("a", "S1", "S0", "x", 1.0, 3.0),
    ("a", "S1", "S0", "y", 2.0, -1.0),
    ("a", "S1", "S1", "x", 1.0, -3.0),
    ("a", "S1", "S1", "y", 2.0, 1.0),
    ("b", "S0", "S0", "x", 1.0, -1.0),
    ("b", "S0", "S0", "y", None, 0.0),
    ("b", "S0", "S1", "x", 1.0, 1.0),
    ("b", "S0", "S1", "y", None, 0.0),
]
COLUMNS = ["customer_id", "segment_id", "class_id", "feature", "value", "contribution"]


@pytest.fixture
def table() -> pl.DataFrame:
    rows = pl.DataFrame(ROWS, schema=COLUMNS, orient="row")
    return feature_importance(rows, ["x", "y"], {"x": "rfm"}, ["S0", "S1"])


def test_overall_importance_is_the_mean_over_customers_and_classes(table):
    overall = table.filter(scope="all").select("feature", "mean_abs", "share", "rank")
    assert overall.rows() == [("x", 2.0, 0.8, 1), ("y", 0.5, 0.2, 2)]


def test_importance_of_a_class_keeps_its_direction(table):
    one = table.filter(scope="class", segment_id="S0").select("feature", "mean")
    assert one.rows() == [("x", 1.0), ("y", -0.5)]


def test_importance_of_a_current_segment_counts_its_customers_only(table):
    one = table.filter(scope="segment", segment_id="S0").select("feature", "mean_abs")
    assert one.rows() == [("x", 1.0), ("y", 0.0)]


def test_a_column_that_no_family_declares_is_other(table):
    families = table.filter(scope="all")["family"].to_list()
    assert families == ["rfm", "other"]


def test_ties_rank_in_the_order_of_the_booster():
    rows = pl.DataFrame(ROWS[:2], schema=COLUMNS, orient="row")
    tied = rows.with_columns(contribution=pl.lit(1.0))
    found = feature_importance(tied, ["y", "x"], {}, ["S0"]).filter(scope="all")
    assert found["feature"].to_list() == ["y", "x"]


def test_the_planted_driver_ranks_first_and_planted_noise_last(booster, frame):
    found = told(booster, frame, 300, DECLARED)
    for (_, segment), scope in found.importance.group_by("scope", "segment_id"):
        ranked = scope.sort("rank")["feature"].to_list()
        assert ranked[0] == "driver", segment
        assert set(ranked[2:]) == {"noise_a", "noise_b"}, segment
    overall = found.importance.filter(scope="all", feature="driver")
    assert overall["share"].item() > 0.6


def test_shares_of_a_scope_sum_to_one(booster, frame):
    found = told(booster, frame).importance
    sums = found.group_by("scope", "segment_id").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * sums.height)


def test_the_json_holds_the_table_and_what_was_explained(booster, frame):
    found = told(booster, frame)
    state = json.loads(importance_json(found))
    assert state["customers"] == state["population"] == 600
    assert state["importance"] == found.importance.to_dicts()
