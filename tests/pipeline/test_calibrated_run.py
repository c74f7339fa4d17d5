from pathlib import Path

import polars as pl
import pytest

import segpredict
from segpredict import pipeline
from segpredict.classifier import train
from segpredict.classifier.decisions.calibration import (
    TEMPERATURE_SCALING,
    CalibratedModel,
    Calibration,
)
from segpredict.core.run_folder import draft_run, open_run
from segpredict.pipeline import archive

SCALE = 0.98  # so little that what was mended is still the best


@pytest.mark.slow
def test_a_proven_calibration_is_kept_and_scores_alike_after_reloading(
    run_folder: Path,
    sample_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rehearsals hardly ever prove a map, so that one is proven here is planted."""

    def softer(trials, name, complete):
        classes = trials[0].chances[name].shape[1]
        scale, shift = (SCALE,) * classes, (0.0,) * classes
        return Calibration(TEMPERATURE_SCALING, scale, shift, loss_reduction=0.1)

    target = tmp_path / "run"
    with draft_run(target, base=open_run(run_folder)) as draft:
        asked = draft.facts["config"]["classifier"]
        changed = {**asked, "calibration": "proven", "baselines": ["prior"]}
        draft.facts["config"] = {**draft.facts["config"], "classifier": changed}
        draft.publish()
    monkeypatch.setattr(train, "select_calibration", softer)
    made = pipeline.run_training(target)
    predictor = segpredict.load(target)
    assert isinstance(predictor.model, CalibratedModel)
    assert archive.load_decision_policy(made).calibration.kind == TEMPERATURE_SCALING

    scores = made.read_parquet("scores.parquet")
    assert predictor.score(pl.read_csv(sample_file, infer_schema=False)).equals(scores)
    plain = predictor.model.model.predict_proba(
        predictor.feature_rows(
            archive.load_transactions(made),
            predictor.score_window(archive.load_transactions(made)),
        ).frame
    )
    told = scores.filter("is_eligible").select(pl.col("^p_S[0-9]+$")).to_numpy()
    assert told == pytest.approx(softer_of(plain))
    assert told != pytest.approx(plain)


def softer_of(chances):
    roots = chances**SCALE
    return roots / roots.sum(axis=1, keepdims=True)
