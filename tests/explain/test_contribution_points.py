"""Points of contributions: a page draws from them what pictures showed before."""

import polars as pl
import pytest
from planted_drivers import CLASSES, told

from segpredict.explain import contribution_points
from segpredict.explain.points import MAX_POINTS, POINTS_SCHEMA


def test_points_are_the_contributions_of_a_sample(booster, frame):
    found = told(booster, frame)
    points = contribution_points(found)
    assert dict(points.schema) == POINTS_SCHEMA
    assert set(points["class_id"]) == {segment.id for segment in CLASSES}
    per_chart = points.group_by("class_id", "feature").len()["len"]
    assert per_chart.max() <= 2 * MAX_POINTS
    column = found.feature_names.index("driver")
    step = max(1, found.n_customers // MAX_POINTS)
    own = points.filter(class_id="S1", feature="driver")["contribution"].to_list()
    assert own == pytest.approx(found.contribution_array()[::step, 1, column].tolist())


def test_shades_follow_the_values_and_missing_ones_have_none(booster, frame):
    points = contribution_points(told(booster, frame)).filter(class_id="S0")
    driver = points.filter(feature="driver").sort("value")
    assert driver["shade"].is_sorted()
    assert set(driver["shade"]) == {0, 1, 2}
    noise = points.filter(feature="noise_b")
    assert noise.filter(pl.col("value").is_null())["shade"].null_count() > 0
    assert noise.filter(pl.col("value").is_not_null())["shade"].null_count() == 0


def test_equal_contributions_do_not_hide_each_other(booster, frame):
    points = contribution_points(told(booster, frame))
    assert points["offset"].is_between(-1, 1).all()
    assert points.filter(class_id="S0", feature="driver")["offset"].n_unique() > 1
