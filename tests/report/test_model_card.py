"""The model card: each leak is looked up in the run, and a broken one is named."""

from dataclasses import replace
from typing import Any

import pytest
from bundles import bundle, evaluation, ledger, reading

from segpredict.report.context.model_card import (
    BROKEN_TEXT,
    BUILT_IN_TEXT,
    CHECKED_TEXT,
    REPORTED_TEXT,
    ModelCardSection,
    model_card_section,
)

ONCE = {"evaluations": [{"config": "a", "created": "Monday"}]}
TWICE = {"evaluations": [*ONCE["evaluations"], {"config": "b", "created": "Tuesday"}]}
CLEAN = {"windows": {"segmenter_saw_until": "2011-06-10"}}


def made(**change: Any) -> ModelCardSection:
    given = {
        "test_set_log": ONCE,
        "manifest": CLEAN,
        "evaluation": folded("2011-03-12"),
    } | change
    found = model_card_section(bundle(**given))
    assert found is not None
    return found


def folded(newest: str) -> dict[str, Any]:
    fold = {"cutoff": "2011-06-11", "inner_origins": ["2010-12-11", newest]}
    return evaluation(policies={"folds": [fold]})


def results(**change: Any) -> dict[str, str]:
    return {leak.code: leak.result for leak in made(**change).leakage_checks}


def kept(code: str, **change: Any) -> str:
    return next(leak.safeguard for leak in made(**change).leakage_checks if leak.code == code)


def test_all_twelve_leaks_stand_in_order_and_are_counted():
    found = made()
    assert [leak.code for leak in found.leakage_checks] == [f"L{i}" for i in range(1, 13)]
    assert found.counts == {CHECKED_TEXT: 7, BUILT_IN_TEXT: 5}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("L1", {"evaluation": folded("2011-03-13")}),
        ("L3", {"manifest": {"windows": {"segmenter_saw_until": "2011-06-11"}}}),
        ("L11", {"test_set_log": TWICE}),
    ],
)
def test_what_saw_too_much_is_broken(code: str, change: dict[str, Any]):
    assert results()[code] == CHECKED_TEXT
    assert results(**change)[code] == BROKEN_TEXT


def test_it_is_counted_in_how_many_forecasts_a_season_was_proven():
    told = ["The season helps at 4 origins.", "The season helps at 5 origins."]
    told += ["Last year's season does not help at 2 origins."]
    found = kept("L10", evaluation=folded("2011-03-12") | {"warnings": told})
    assert "in 2 of 3 forecasts" in found


def test_test_windows_that_overlap_are_broken():
    origins = [reading("2011-06-11", 10), reading("2011-09-09", 10)]
    assert results(evaluation=evaluation(windows=origins))["L2"] == BROKEN_TEXT


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("L3", {"manifest": {}}),
        ("L7", {"manifest": {"config": {"customers": {"time_invariant": ["gender"]}}}}),
        ("L11", {"test_set_log": {}}),
        (
            "L12",
            {"ledger": replace(ledger(), entries=ledger().entries[:3])},
        ),
    ],
)
def test_what_cannot_be_looked_up_rests_on_the_word_of_people(code: str, change: dict[str, Any]):
    assert results(**change)[code] == REPORTED_TEXT


def test_without_rehearsals_the_first_leak_is_kept_out_by_construction_only():
    assert results(evaluation=evaluation())["L1"] == BUILT_IN_TEXT


def test_what_was_vouched_for_is_named():
    config = {"config": {"products": {"time_invariant": ["brand"]}}}
    assert "brand" in kept("L7", manifest=config)


def test_several_settings_say_what_that_does_to_the_figures():
    assert "2 different settings, first on Monday" in kept("L11", test_set_log=TWICE)


def test_a_forecast_that_was_never_tested_has_no_card():
    assert model_card_section(bundle(evaluation=None)) is None
    assert model_card_section(bundle(evaluation=evaluation(windows=[]))) is None


def test_groups_that_were_not_shown_to_gain_are_named():
    told = dict(made().facts)["Less certain for"]
    assert "groups" in told


def test_the_fit_is_told_with_its_weights():
    fit = {
        "rows": 12_000,
        "customers": 900,
        "origins": ["2011-01-01", "2011-01-29"],
        "features": 50,
        "rounds": 90,
        "trees": 360,
        "weights": {"bgnbd_gg": 0.6, "markov": 0.2, "prior": 0.25},
        "pool_weight": 0.75,
        "level": 0.1,
    }
    facts = dict(made(evaluation=evaluation(fit=fit)).fit)
    assert facts["Training rows"].startswith("12,000: 900 customers at 2 cutoffs, ")
    assert facts["Weight of BG/NBD and Gamma-Gamma"] == "0.600, of log-probabilities"
    assert facts["Weight of the trees"].startswith("0.75, of those that begin at BG/NBD")
    assert facts["Weight of the trees"].endswith("0.25, of those that begin at the class shares")
    alone = made(evaluation=evaluation(fit={**fit, "pool_weight": 1.0})).fit
    assert dict(alone)["Weight of the trees"].startswith("1, ")
