"""Reasons are few, in words, and silent on what is small or changes its sign."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from planted_drivers import CLASSES, knowing, planted, told

from segpredict.core.panel import Feature
from segpredict.explain import explained_sentence, explained_share
from segpredict.explain.groups import FeatureGroup
from segpredict.explain.reasons import (
    NO_REASON_TEXT,
    ContrastContributions,
    ReasonLexicon,
    reason_texts,
)

NAMES = ("recency_days", "spend_91", "spend_28", "aov", "freq")
GROUPS = (
    FeatureGroup("recency_days", "rfm", "Recency", ("recency_days",)),
    FeatureGroup("spend_91", "rfm", "Monetary", ("spend_91", "spend_28")),
    FeatureGroup("aov", "basket", "Monetary", ("aov",)),
    FeatureGroup("freq", "rfm", "Frequency", ("freq",)),
)
WORDS = ReasonLexicon(
    {
        "recency_days": Feature("recency_days", "Days since the last purchase.", "d"),
        "spend_91": Feature(
            "spend_91", "Spend in 91 days, less what was returned in them.", "currency"
        ),
        "spend_28": Feature("spend_28", "Spend in 28 days.", "currency"),
        "outcome_sin": Feature("outcome_sin", "Season.", "r"),
    },
    CLASSES,
    {"recency_days": 9.0, "spend_91": 640.0},
    {"freq": 0.5},
    "£",
)


def pull(contributions):
    return ContrastContributions(
        ["a"],
        np.array([2]),
        np.array([0]),
        np.array([2]),
        np.array([[61.0, 30.0, 0.0, 1.0, 3.0]]),
        np.array([contributions]),
        np.array([0.32]),
        np.array([0.53]),
    )


def told_of(contributions, words=WORDS, move=None):
    """Return the reasons; without `move` the model agrees with every contribution."""

    def agreeing(column, rows):
        return np.array([contributions[NAMES.index(column)]] * len(rows))

    def effects(moves):
        return {column: (move or agreeing)(column, rows) for column, rows in moves.items()}

    return reason_texts(pull(contributions), NAMES, GROUPS, words, effects)


def test_the_strongest_come_first_and_what_speaks_against_comes_last():
    found = told_of([0.4, 0.9, 0.0, -0.3, 0.0])
    assert found["group"].to_list() == ["spend_91", "recency_days", "aov"]
    assert found["direction"].to_list() == ["for", "for", "against"]
    assert found["rank"].to_list() == [1, 2, 3]
    assert found["odds_ratio"].to_list() == pytest.approx(np.exp([0.9, 0.4, -0.3]))


def test_a_reason_gives_the_value_its_reference_and_the_factor_on_the_odds():
    texts = told_of([0.4, 0.7, 0.2, -0.3, 0.0])["text"].to_list()
    assert texts == [
        "Spend in 91 days: £30 (half of all: £640 or more); odds × 2.5",
        "Days since the last purchase: 61 (half of all: 9 or more); odds × 1.5",
        "aov: 1; odds ÷ 1.3",
    ]


def none_of(found):
    return found["text"].to_list() == [NO_REASON_TEXT]


def test_what_is_small_is_left_out_and_nobody_is_without_a_reason():
    assert none_of(told_of([0.09, 0.0, 0.0, 0.0, 0.0]))
    assert told_of([0.11, 0.0, 0.0, 0.0, 0.0])["group"].to_list() == ["recency_days"]


def test_what_changes_its_sign_from_model_to_model_is_left_out():
    assert none_of(told_of([0.0, 0.0, 0.0, 0.0, 0.4]))
    assert told_of([0.0, 0.0, 0.0, 0.0, 0.6])["group"].to_list() == ["freq"]


def test_a_reason_that_the_model_contradicts_gives_way_to_the_next():
    def contrary(column, rows):
        return np.full(len(rows), -0.5 if column == "spend_91" else 0.5)

    found = told_of([0.4, 0.9, 0.0, 0.0, 0.0], move=contrary)
    assert found["group"].to_list() == ["recency_days"]


def test_reasons_add_up_to_what_they_explain():
    found = told_of([0.4, 0.9, 0.0, -0.3, 0.0])
    assert found["total"].to_list() == pytest.approx([1.0] * 3)
    assert found.select("start", "end").unique().rows() == [(0.32, 0.53)]
    assert explained_share(found["total"][0], found["contribution"]) == pytest.approx(1.0)
    assert explained_share(2.0, [0.4, 1.0]) == pytest.approx(0.7)


def test_the_column_that_pulls_most_speaks_for_its_group():
    found = told_of([0.0, 0.1, 0.5, 0.0, 0.0])
    assert found["feature"].to_list() == ["spend_28"]
    assert found["reference"].to_list() == [None]
    assert "half of all" not in found["text"][0]


def test_columns_that_cancel_give_no_reason():
    assert none_of(told_of([0.0, 2.0, -2.0, 0.0, 0.0]))


def test_at_most_three_speak_for_and_one_against():
    found = told_of([0.6, 0.7, 0.0, 0.8, 0.9])
    assert found["direction"].to_list() == ["for"] * 3
    found = told_of([-0.6, -0.7, 0.0, -0.8, -0.9])
    assert found["group"].to_list() == ["", "freq"]


def test_the_sentence_says_where_the_customer_is_expected(booster, frame):
    names = {c.id: c.name for c in CLASSES}
    core = frame.filter(frame["state_now"] == 2).sort("driver")
    stays = told(booster, core[-1:])
    assert explained_sentence(stays, names) == (
        "Expected to stay in Core rather than go to Occasional."
    )
    low = frame.sort("driver")[:1].with_columns(state_now=frame["state_now"][0] * 0 + 2)
    assert explained_sentence(told(booster, low), names) == (
        "Expected to go from Core to Inactive rather than to stay."
    )


def test_reasons_of_all_are_the_reasons_of_each(booster, frame):
    maker = knowing(booster, frame)
    some = frame.sort("customer_id")[:25]
    alone = [maker.explain_reasons(some[i]) for i in range(25)]
    together = maker.explain_reasons(some)
    assert [r for part in alone for r in part.rows()] == together.rows()
    told_too = maker.explain(some).reasons
    assert told_too.equals(together)


def test_an_explainer_that_heeds_noise_says_less(booster, frame):
    maker = knowing(booster, frame)
    quiet = maker.with_threshold({g.name: 1e9 for g in maker.groups})
    assert (maker.explain_reasons(frame[:50])["group"] != "").any()
    assert (quiet.explain_reasons(frame[:50])["group"] == "").all()
    assert (replace(quiet, lexicon=maker.lexicon).explain_reasons(frame[:9])["group"] != "").any()


def test_every_sentence_agrees_with_the_model_for_a_thousand_customers(booster, frame):
    """Moved to the reference it names, the column changes the odds as the sentence says."""
    maker = knowing(booster, frame)
    customers = planted(1000, seed=9)
    reasons = maker.explain_reasons(customers)
    assert reasons["customer_id"].n_unique() == customers.height
    named = reasons.filter(pl.col("reference").is_not_null())
    assert named.height > customers.height / 2
    codes = {segment.id: segment.code for segment in CLASSES}
    for (column,), some in named.group_by("feature"):
        rows = some.join(customers, on="customer_id", maintain_order="left")
        moved = rows.with_columns(
            pl.lit(some["reference"][0]).cast(customers.schema[column]).alias(column)
        )
        before, after = maker.model.predict_margin(rows), maker.model.predict_margin(moved)
        for row, reason in enumerate(some.to_dicts()):
            to, by = codes[reason["next_id"]], codes[reason["against_id"]]
            change = (before - after)[row, to] - (before - after)[row, by]
            assert (change > 0) == (reason["direction"] == "for"), reason["text"]
