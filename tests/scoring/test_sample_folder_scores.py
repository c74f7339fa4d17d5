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


def test_the_scores_of_a_sample_folder_are_those_of_its_run(tmp_path: Path) -> None:
    folder = str(tmp_path / "shop")
    sample.write_sample(sample.generate_sample(300, 5), folder)
    config = load_config("sample", QUICK)
    run = pipeline.run_pipeline([folder], config, pipeline.RunTarget(tmp_path / "run"))
    assert "web" in run.metadata["families"]["used"]
    scores, _ = pipeline.score_into_history(None, run.folder, NewData([folder]))
    assert scores.equals(pipeline.loading.load(run, "scores"))
