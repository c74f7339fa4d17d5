import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from segpredict import pipeline
from segpredict.classifier import TestSetLog, test_set_log
from segpredict.config.load import Config
from segpredict.core.run_folder import open_run
from segpredict.errors import ArtifactError
from segpredict.pipeline import runs, stages
from segpredict.pipeline.results import Explained

TEST = TestSetLog("abc", 100)


def other(config: Config) -> Config:
    """Return a config that differs in how many draws stand behind an interval."""
    return replace(config, classifier=replace(config.classifier, bootstrap_draws=120))


@pytest.fixture(scope="module")
def quick(plain_config: Config) -> Config:
    """Return a config with one baseline: the log does not mind."""
    requested = replace(plain_config.classifier, baselines=("prior",))
    return replace(plain_config, classifier=requested)


@pytest.fixture(autouse=True)
def _without_reasons_and_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the stages that come after the evaluation and take longest."""
    nothing = Explained(explanation=None, explainer=None, evidence=None, customer_reasons=None)
    monkeypatch.setattr(stages, "explain", lambda *_, **__: nothing)
    monkeypatch.setattr(runs.report_data, "collect_report_input", lambda *_, **__: None)
    monkeypatch.setattr(runs, "render_html", lambda *_, **__: "")


def warnings(run: Path) -> str:
    return " ".join(open_run(run).read_json("classifier/evaluation.json")["warnings"])


def test_an_evaluation_that_was_kept_is_recalled_for_its_own_test_only(tmp_path: Path):
    place = test_set_log.log_files(tmp_path / "run")
    test_set_log.remember(TEST.add({"seed": 1}, "Monday"), place)
    test_set_log.remember(TestSetLog("abc", 191).add({"seed": 1}, "Monday"), place)
    test_set_log.remember(TEST.add({"seed": 2}, "Tuesday"), place)
    found = test_set_log.recall(TEST, place)
    assert [each.created for each in found.evaluations] == ["Monday", "Tuesday"]
    assert len(test_set_log.recall(TestSetLog("abc", 191), place).evaluations) == 1
    assert test_set_log.recall(TestSetLog("other", 100), place).evaluations == ()


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}', '{"format": 2}'])
def test_a_log_that_cannot_be_read_is_named(tmp_path: Path, content: str):
    place = test_set_log.log_files(tmp_path / "run")
    place[0].write_text(content)
    with pytest.raises(ArtifactError, match="cannot be read"):
        test_set_log.recall(TEST, place)


def test_another_setting_is_marked_in_another_folder_too(
    sample_file: Path, quick: Config, tmp_path: Path
):
    target = pipeline.RunTarget(tmp_path / "one", "2026-01-01")
    pipeline.run_pipeline([sample_file], quick, target)
    assert "different settings" not in warnings(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    pipeline.run_training(tmp_path / "two", "2026-01-02", seed=8)
    assert "evaluated with 2 different settings, first on 2026-01-01" in warnings(tmp_path / "two")
    saved = json.loads((tmp_path / test_set_log.LOG_BESIDE_RUNS).read_text())
    assert [len(test["evaluations"]) for test in saved["tests"]] == [2]


@pytest.mark.slow
def test_a_store_remembers_evaluations_wherever_the_runs_stand(
    sample_file: Path, quick: Config, tmp_path: Path
):
    shop = tmp_path / "shop"
    pipeline.ingest([str(sample_file)], shop, quick)
    here, there = tmp_path / "here" / "run", tmp_path / "there" / "run"
    pipeline.run_pipeline([shop], quick, pipeline.RunTarget(here, "2026-01-01"))
    # Nothing new comes in: the store is the same, and so is its test.
    pipeline.ingest([str(sample_file)], shop, quick)
    pipeline.run_pipeline([shop], other(quick), pipeline.RunTarget(there, "2026-01-02"))
    assert "evaluated with 2 different settings" in warnings(there)
    assert (shop / test_set_log.LOG_IN_STORE).is_file()


@pytest.mark.slow
def test_a_model_trained_anew_in_its_folder_is_remembered_beside_it(
    sample_file: Path, quick: Config, tmp_path: Path
):
    target = pipeline.RunTarget(tmp_path / "run", "2026-01-01")
    pipeline.run_clustering([sample_file], quick, target)
    assert not (tmp_path / test_set_log.LOG_BESIDE_RUNS).exists()
    pipeline.run_training(tmp_path / "run", "2026-01-01")
    pipeline.run_training(tmp_path / "run", "2026-01-02", seed=8)
    saved = json.loads((tmp_path / test_set_log.LOG_BESIDE_RUNS).read_text())
    assert [len(test["evaluations"]) for test in saved["tests"]] == [2]


def test_evaluations_beside_each_other_are_all_remembered(tmp_path: Path):
    path = tmp_path / "log.json"
    logs = [TestSetLog("abc", 100).add({"seed": i}, f"{i:02d}") for i in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda log: test_set_log.remember(log, [path]), logs))
    assert len(test_set_log.recall(TestSetLog("abc", 100), [path]).evaluations) == 12
    assert [each.name for each in tmp_path.iterdir()] == ["log.json"]
