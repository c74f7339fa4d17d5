"""A folder of the sample shop brings its side tables to scoring, as to a run."""

from pathlib import Path

from segpredict import pipeline
from segpredict.config.load import load_config
from segpredict.data.sample import sample
from segpredict.scoring.new_data import NewData

QUICK = (
    *("classifier.families=['rfm', 'web']", "classifier.baselines=['prior']"),
    *("classifier.xgboost.max_rounds=10", "classifier.bootstrap_draws=100"),
    *("time.test_windows=1", "segmentation.n_init=2", "explain.sample_rows=100"),
)


def test_a_sample_folder_scores_as_in_its_run_which_stands_beside_the_truth(tmp_path: Path) -> None:
    folder = str(tmp_path / "shop")
    sample.write_sample(sample.generate_sample(300, 5), folder)
    config = load_config("sample", QUICK)
    run = pipeline.run_pipeline([folder], config, pipeline.RunTarget(tmp_path / "run"))
    assert "web" in run.metadata["families"]["used"]
    found = run.read_json("classifier/evaluation.json")
    truth = found["known_truth"]
    assert truth["pooled"]["log_loss"] < min(
        each["log_loss"] for each in found["pooled"]["scores"].values()
    )
    assert len(truth["windows"]) == len(found["windows"])
    scores, *_ = pipeline.score_into_history(None, run.folder, NewData([folder]))
    assert scores.equals(pipeline.loading.load(run, "scores"))
