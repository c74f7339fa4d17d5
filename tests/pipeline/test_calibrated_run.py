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
from segpredict.pipeline import loading

SCALE = 0.98  # so little that the calibrated model is still selected


@pytest.mark.slow
def test_a_proven_calibration_is_kept_and_scores_alike_after_reloading(
    run_folder: Path,
    sample_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Inner validation hardly ever proves a calibration, so a proven one is planted here."""

    def softer(trials, name, complete):
        classes = trials[0].probabilities[name].shape[1]
        scale, shift = (SCALE,) * classes, (0.0,) * classes
        return Calibration(TEMPERATURE_SCALING, scale, shift, loss_reduction=0.1)

    target = tmp_path / "run"
    with draft_run(target, base=open_run(run_folder)) as draft:
        asked = draft.metadata["config"]["classifier"]
        changed = {**asked, "calibration": "proven", "baselines": ["prior"]}
        draft.metadata["config"] = {**draft.metadata["config"], "classifier": changed}
        draft.publish()
    monkeypatch.setattr(train, "select_calibration", softer)
    made = pipeline.run_training(target)
    predictor = segpredict.load(target)
    assert isinstance(predictor.model, CalibratedModel)
    assert loading.load_models(made).policy.calibration.kind == TEMPERATURE_SCALING

    scores = made.read_parquet("scores.parquet")
    assert predictor.score(pl.read_csv(sample_file, infer_schema=False)).equals(scores)
    plain = predictor.model.model.predict_proba(
        predictor.feature_rows(
            loading.load_transactions(made),
            predictor.score_window(loading.load_transactions(made)),
        ).frame
    )
    scored = scores.filter("is_eligible").select(pl.col("^p_S[0-9]+$")).to_numpy()
    assert scored == pytest.approx(softer_of(plain))
    assert scored != pytest.approx(plain)


def softer_of(probabilities):
    roots = probabilities**SCALE
    return roots / roots.sum(axis=1, keepdims=True)
