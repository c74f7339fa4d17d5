"""Columns that say the same stand together, under a word that marketers know."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segpredict import features
from segpredict.core.panel import Feature
from segpredict.explain.groups import (
    HEADLINES,
    FeatureGroup,
    correlated_groups,
    group_contributions,
    group_features,
    group_importance,
    headline_of,
)

RNG = np.random.default_rng(1)
X = RNG.normal(size=200)
CELLS = np.column_stack([X, 3 * X + 0.01, RNG.normal(size=200), np.full(200, 2.0)])
NAMES = ("spend_91", "spend_now", "order_last", "quiet")
TOLD = (
    Feature("spend_91", "Spend.", "currency", family="rfm"),
    Feature("spend_now", "Spend.", "currency", family="state"),
    Feature("order_last", "Last.", "currency", family="basket"),
    Feature("quiet", "Constant.", "ratio", family="timing"),
)


def test_columns_of_one_topic_that_rise_together_are_one_group():
    found = group_features(CELLS, NAMES, TOLD)
    assert [g.features for g in found] == [
        ("spend_91", "spend_now"),
        ("order_last",),
        ("quiet",),
    ]


def test_the_loudest_column_gives_the_name():
    found = group_features(CELLS, NAMES, TOLD, np.array([1.0, 2.0, 0.0, 0.0]))
    assert (found[0].name, found[0].family) == ("spend_now", "state")


def test_columns_that_rise_together_but_tell_of_other_things_stay_apart():
    result = (TOLD[0], Feature("freq_days_91", "Days.", "days", family="rfm"))
    found = group_features(CELLS[:, :2], ("spend_91", "freq_days_91"), result)
    assert [g.headline for g in found] == ["Monetary", "Frequency"]
    assert correlated_groups(CELLS[:, :2], found, ("spend_91", "freq_days_91")) == (
        ("spend_91", "freq_days_91", 1.0),
    )


def test_a_number_is_not_torn_from_those_it_follows_from():
    names = ("recency_days", "t_x_days", "age_days")
    result = [Feature(n, n, "days", family="btyd") for n in names]
    cells = RNG.normal(size=(200, 3))
    assert group_features(cells, names, result)[0] == FeatureGroup(
        "recency_days", "btyd", "Recency", names
    )


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_customers_tell_of_no_likeness(rows):
    assert len(group_features(CELLS[:rows], NAMES, TOLD)) == 4


def test_every_declared_feature_has_a_headline():
    found = {headline_of(f) for f in features.feature_glossary(None, None)}
    assert found <= set(HEADLINES)
    assert {"Recency", "Frequency", "Monetary"} <= found


@given(st.integers(1, 6), st.integers(1, 4))
def test_groups_add_up_to_the_columns(columns, classes):
    rng = np.random.default_rng(columns)
    cube = rng.normal(size=(5, classes, columns))
    names = [f"c{i}" for i in range(columns)]
    split = [FeatureGroup(n, "f", "Other", (n,)) for n in names[:1]]
    rest = tuple(names[1:])
    parts = [*split, *([FeatureGroup("rest", "f", "Other", rest)] if rest else [])]
    summed = group_contributions(cube, names, parts).sum(axis=2)
    assert summed == pytest.approx(cube.sum(axis=2))


def test_columns_that_pull_against_each_other_cancel_before_their_size_is_taken():
    cube = np.array([[[1.0, -1.0], [-1.0, 1.0]]])
    both = (FeatureGroup("a", "f", "Other", ("a", "b")),)
    assert group_importance(cube, ("a", "b"), both).tolist() == [0.0]
