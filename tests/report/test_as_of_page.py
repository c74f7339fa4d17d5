"""The page of a run whose segments are told as of a later day, and of a fallback."""

from dataclasses import replace

import pytest
from bundles import bundle, verdict

from segpredict.report import render
from segpredict.report._models import label
from segpredict.report.sections.headline import headline
from segpredict.report.sections.importance import importance
from segpredict.report.sections.ledger import appendix
from segpredict.report.sections.verdict import verdict as section


def scored(losses, shipped="blend"):
    """Return a verdict with these log-losses."""
    scores = {
        name: {"log_loss": loss, "accuracy": 0.6} for name, loss in losses.items()
    }
    plain = verdict()
    return {
        **plain,
        "model": "blend",
        "shipped": shipped,
        "pooled": {**plain["pooled"], "scores": scores},
    }


def as_of(**change):
    window = bundle().window
    return bundle(window=replace(window, width=2 * window.horizon), **change)


def test_what_is_known_already_stands_in_the_first_sentence():
    given = as_of()
    days, known = given.window.measured, given.window.overlap
    assert f"by the {days} days up to then, of which {known} are known already" in (
        headline(given).sentence
    )
    assert headline(given).note.startswith(f"Inactive means no order in {days} days")
    assert "known" not in headline(bundle()).sentence
    assert "with days that lay after" not in render(bundle())


def test_the_windows_of_label_and_outcome_are_told_apart_in_the_appendix():
    facts = dict(appendix(as_of()).topics[0].facts)
    window = as_of().window
    assert facts["Outcome"].startswith(f"{window.horizon} days")
    assert facts["Segment told by"].startswith(f"{window.measured} days")
    assert "Segment told by" not in dict(appendix(bundle()).topics[0].facts)


def test_skill_is_told_against_the_best_that_needs_no_model():
    losses = {"blend": 0.5, "markov": 1.0, "persistence": 1.2, "carry_over": 0.8}
    given = as_of(verdict=scored(losses))
    trust = headline(given).trust
    assert trust.reference == "carry-over"
    skills = [score.skill for score in trust.scores]
    assert skills == pytest.approx([0.375, -0.5, -0.25, None])
    assert "with days that lay after everything" in render(given)
    del losses["carry_over"]
    assert headline(as_of(verdict=scored(losses))).trust.reference == "Markov"


def test_trees_that_are_the_whole_model_are_shown_once_and_are_no_fallback():
    losses = {"blend": 0.5, "xgboost": 0.5, "markov": 1.0}
    trust = headline(as_of(verdict=scored(losses, "xgboost"))).trust
    assert [score.label for score in trust.scores] == ["XGBoost", "Markov chain"]
    assert not trust.is_fallback


def test_a_model_that_is_only_its_trees_is_not_compared_with_itself():
    plain = verdict()
    scores = plain["pooled"]["scores"]
    twin = {**scores, "blend": scores["xgboost"]}
    gaps = plain["pooled"]["differences"]
    pooled = {
        **plain["pooled"],
        "scores": twin,
        "differences": {**gaps, "xgboost": gaps["markov"]},
    }
    told = section(bundle(verdict={**plain, "model": "blend", "pooled": pooled}))
    names = [row.label for row in told.pooled.judged]
    assert (told.model, names[0]) == ("XGBoost", "XGBoost")
    assert len(names) == len(set(names)) == len(scores)
    assert "XGBoost" not in {
        row.label for duel in told.pooled.duels for row in duel.rows
    }


def test_a_fallback_is_named_in_the_trust_box_and_beside_the_reasons():
    losses = {"blend": 1.01, "bgnbd_gg": 1.0, "markov": 1.1}
    given = bundle(verdict=scored(losses, "markov"), reasons_note="Of the trees.")
    page = render(given)
    assert "no better than a plainer forecast, so that one is in use" in page
    assert importance(given).in_use == label("markov")
    assert "These are the reasons of the boosted trees" in page


def test_where_the_fallback_itself_is_explained_no_trees_are_named_beside_reasons():
    losses = {"blend": 1.01, "bgnbd_gg": 1.0, "markov": 1.1}
    given = bundle(verdict=scored(losses, "bgnbd_gg"))
    assert importance(given).in_use == ""
    assert "the reasons of the boosted trees" not in render(given)


def test_a_note_of_run_and_verdict_with_the_name_of_a_model_is_told_once():
    note = "Judge by what is gained over carry_over."
    found = headline(bundle(warnings=(note,), verdict=verdict(warnings=[note])))
    assert found.warnings == ("Judge by what is gained over carry-over.",)
