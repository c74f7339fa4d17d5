"""What the page reads from a run: the customers who are shown as examples."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import polars as pl

from segpredict.core.run_folder import open_run
from segpredict.core.segment import Segment
from segpredict.explain import Explanation
from segpredict.pipeline import loading, results, stages
from segpredict.pipeline.report_data import pick_example_customers

CLASSES = (Segment(0, "S0", "Inactive"), Segment(1, "S5", "Low"), Segment(2, "S2", "High"))


def test_a_customer_near_the_average_is_no_example_while_others_are_far() -> None:
    scores = pl.DataFrame(
        {
            "customer_id": ["near", "far"],
            "segment_id": ["S2", "S2"],
            "next_segment_id": ["S5", "S5"],  # of a later fit, and of lower value
            "value_at_risk": [900.0, 100.0],
            "expected_value": [1.0, 1.0],
            "p_up": [0.0, 0.0],
        }
    )
    one = {"direction": "for", "text": "x", "contribution": 1.0, "odds_ratio": 2.7, "total": 1.0}
    reasons = pl.DataFrame(
        [
            {"customer_id": customer, **one, "start": 0.6, "end": end}
            for customer, end in (("near", 0.61), ("far", 0.9))
            for _ in range(2)
        ]
    )
    explanation = cast("Explanation", SimpleNamespace(reasons=reasons, classes=CLASSES))
    (example,) = pick_example_customers(explanation, scores)
    assert (example["customer_id"], example["kind"]) == ("far", "at risk")
    (only,) = pick_example_customers(explanation, scores.filter(customer_id="near"))
    assert only["customer_id"] == "near"


def test_a_plainer_model_is_explained_with_the_ensemble_beside_it(run_folder):
    files = open_run(run_folder)
    prepared, segmented, trained = (
        loading.load_stage(files, stage)
        for stage in (results.Prepared, results.Segmented, results.Trained)
    )
    options = replace(prepared.config.explain, refits=0, sample_rows=50)
    usual = stages.explain(prepared, segmented, trained, options)
    assert usual.ensemble_importance is None
    bought = trained.models.ensemble.pool.purchase_model
    plain = replace(trained, models=replace(trained.models, selected=bought))
    found = stages.explain(prepared, segmented, plain, options)
    assert found.ensemble_importance.equals(usual.explanation.importance)
    assert not found.explanation.importance.equals(found.ensemble_importance)
