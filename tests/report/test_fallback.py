"""The page of a run that fell back on a baseline, or on a part of its model."""

from bundles import bundle, evaluation

from segpredict.report import render_html
from segpredict.report.context.evaluation import evaluation_section as section
from segpredict.report.context.headline import headline_section
from segpredict.report.context.importance import importance_section
from segpredict.report.context.ledger import appendix_section
from segpredict.report.model_names import model_label


def scored(losses, selected="blend"):
    """Return a verdict with these log-losses."""
    scores = {name: {"log_loss": loss, "accuracy": 0.6} for name, loss in losses.items()}
    plain = evaluation()
    return {
        **plain,
        "model": "blend",
        "selected": selected,
        "pooled": {**plain["pooled"], "scores": scores},
    }


def test_trees_that_are_the_whole_model_are_shown_once_and_are_no_fallback():
    losses = {"blend": 0.5, "xgboost": 0.5, "markov": 1.0}
    trust = headline_section(bundle(evaluation=scored(losses, "xgboost"))).trust
    assert [score.label for score in trust.scores] == ["XGBoost", "Markov chain"]
    assert not trust.is_fallback


def test_a_model_that_is_only_its_trees_is_not_compared_with_itself():
    plain = evaluation()
    scores = plain["pooled"]["scores"]
    twin = {**scores, "blend": scores["xgboost"]}
    gaps = plain["pooled"]["differences"]
    pooled = {
        **plain["pooled"],
        "scores": twin,
        "differences": {**gaps, "xgboost": gaps["markov"]},
    }
    told = section(bundle(evaluation={**plain, "model": "blend", "pooled": pooled}))
    names = [row.label for row in told.leaderboard]
    assert told.model == "XGBoost"
    assert len(names) == len(set(names)) == len(scores)
    assert "XGBoost" not in {row.label for row in told.leaderboard if row.difference}


def test_a_fallback_is_named_in_the_trust_box_and_beside_the_reasons():
    losses = {"blend": 1.01, "bgnbd_gg": 1.0, "markov": 1.1}
    given = bundle(evaluation=scored(losses, "markov"), reasons_note="Of the trees.")
    page = render_html(given)
    assert "not better than a simpler forecast, which is in use" in page
    assert importance_section(given).in_use == model_label("markov")
    assert "The boosted trees are explained" in page


def test_where_the_fallback_itself_is_explained_no_trees_are_named_beside_reasons():
    losses = {"blend": 1.01, "bgnbd_gg": 1.0, "markov": 1.1}
    given = bundle(evaluation=scored(losses, "bgnbd_gg"))
    assert importance_section(given).in_use == ""
    assert "The boosted trees are explained" not in render_html(given)


def test_a_note_of_run_and_verdict_with_the_name_of_a_model_is_told_once():
    note = "Judge by what is gained over rfm_lookup."
    found = appendix_section(bundle(warnings=(note,), evaluation=evaluation(warnings=[note])))
    assert found.notes == ("Judge by what is gained over the RFM look-up.",)
