"""The page of a run in which a baseline was selected in place of the ensemble."""

from bundles import bundle, evaluation

from segpredict.report import render_html
from segpredict.report.context.evaluation import evaluation_section as section
from segpredict.report.context.importance import importance_section
from segpredict.report.context.ledger import appendix_section
from segpredict.report.model_names import model_label


def scored(losses, selected="ensemble"):
    """Return a verdict with these log-losses."""
    scores = {name: {"log_loss": loss, "accuracy": 0.6} for name, loss in losses.items()}
    plain = evaluation()
    return {
        **plain,
        "model": "ensemble",
        "selected": selected,
        "pooled": {**plain["pooled"], "scores": scores},
    }


def test_a_baseline_in_use_is_compared_with_the_others():
    plain = evaluation()
    told = section(bundle(evaluation={**plain, "model": "ensemble", "selected": "xgboost"}))
    assert told.model == "XGBoost"
    assert [row.label for row in told.leaderboard if row.is_selected] == ["XGBoost"]


def test_a_fallback_is_named_in_the_trust_box_and_beside_the_reasons():
    losses = {"ensemble": 1.01, "bgnbd_gg": 1.0, "markov": 1.1}
    given = bundle(evaluation=scored(losses, "markov"), reasons_note="Of the ensemble.")
    page = render_html(given)
    assert "A simpler forecast was better before the tests and is in use" in page
    assert importance_section(given).in_use == model_label("markov")
    assert "The ensemble is explained" in page


def test_where_the_fallback_itself_is_explained_no_ensemble_is_named_beside_reasons():
    losses = {"ensemble": 1.01, "bgnbd_gg": 1.0, "markov": 1.1}
    given = bundle(evaluation=scored(losses, "bgnbd_gg"))
    assert importance_section(given).in_use == ""
    assert "The ensemble is explained" not in render_html(given)


def test_a_note_of_run_and_verdict_with_the_name_of_a_model_is_told_once():
    note = "Judge by what is gained over rfm_lookup."
    found = appendix_section(bundle(warnings=(note,), evaluation=evaluation(warnings=[note])))
    assert found.notes == ("Judge by what is gained over the RFM look-up.",)


def test_the_classifier_has_a_panel_where_a_plainer_model_is_explained():
    assert importance_section(bundle()).of_ensemble == ()
    given = bundle(ensemble_importance=bundle().importance)
    assert importance_section(given).of_ensemble == importance_section(given).drivers
    assert "What the XGBoost classifier reads" in render_html(given)
