import json
from dataclasses import replace
from pathlib import Path

import pytest

from segpredict import looks, pipeline
from segpredict.artifacts import open_run
from segpredict.classifier import Lock
from segpredict.config import Config
from segpredict.errors import ArtifactError
from segpredict.pipeline import _stages

TEST = Lock("abc", 100)


def other(config: Config) -> Config:
    """Return a config that differs in how many draws stand behind an interval."""
    return replace(config, classifier=replace(config.classifier, draws=120))


@pytest.fixture(scope="module")
def quick(plain_config: Config) -> Config:
    """Return a config with one baseline: the looks do not mind."""
    asked = replace(plain_config.classifier, baselines=("prior",))
    return replace(plain_config, classifier=asked)


@pytest.fixture(autouse=True)
def _without_reasons_and_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the stages that come after the look and take longest."""
    for stage in ("explain", "report"):
        monkeypatch.setattr(_stages, stage, lambda *_, **__: None)


def warnings(run: Path) -> str:
    return " ".join(open_run(run).json("classifier/verdict.json")["warnings"])


def test_a_look_that_was_kept_is_recalled_for_its_own_test_only(tmp_path: Path):
    place = looks.places(tmp_path / "run")
    looks.keep(TEST.opened({"seed": 1}, "Monday"), place)
    looks.keep(Lock("abc", 191).opened({"seed": 1}, "Monday"), place)
    looks.keep(TEST.opened({"seed": 2}, "Tuesday"), place)
    found = looks.recalled(TEST, place)
    assert [opening.created for opening in found.openings] == ["Monday", "Tuesday"]
    assert len(looks.recalled(Lock("abc", 191), place).openings) == 1
    assert looks.recalled(Lock("other", 100), place).openings == ()


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}', '{"format": 2}'])
def test_a_list_of_looks_that_cannot_be_read_is_named(tmp_path: Path, content: str):
    place = looks.places(tmp_path / "run")
    place[0].write_text(content)
    with pytest.raises(ArtifactError, match="cannot be read"):
        looks.recalled(TEST, place)


def test_another_setting_is_marked_in_another_folder_too(
    sample_file: Path, quick: Config, tmp_path: Path
):
    target = pipeline.Target(tmp_path / "one", "2026-01-01")
    pipeline.run([sample_file], quick, target)
    assert "different settings" not in warnings(tmp_path / "one")
    target = pipeline.Target(tmp_path / "two", "2026-01-02")
    pipeline.run([sample_file], other(quick), target)
    assert "opened with 2 different settings, first on 2026-01-01" in warnings(
        tmp_path / "two"
    )
    kept = json.loads((tmp_path / looks.BESIDE_RUNS).read_text())
    assert [len(test["openings"]) for test in kept["tests"]] == [2]


@pytest.mark.slow
def test_a_store_remembers_looks_wherever_the_runs_stand(
    sample_file: Path, quick: Config, tmp_path: Path
):
    shop = tmp_path / "shop"
    pipeline.ingest([str(sample_file)], shop, quick)
    here, there = tmp_path / "here" / "run", tmp_path / "there" / "run"
    pipeline.run([shop], quick, pipeline.Target(here, "2026-01-01"))
    # Nothing new comes in: the store is the same, and so is its test.
    pipeline.ingest([str(sample_file)], shop, quick)
    pipeline.run([shop], other(quick), pipeline.Target(there, "2026-01-02"))
    assert "opened with 2 different settings" in warnings(there)
    assert (shop / looks.IN_STORE).is_file()


@pytest.mark.slow
def test_a_model_trained_anew_in_its_folder_is_remembered_beside_it(
    sample_file: Path, quick: Config, tmp_path: Path
):
    target = pipeline.Target(tmp_path / "run", "2026-01-01")
    pipeline.cluster([sample_file], quick, target)
    assert not (tmp_path / looks.BESIDE_RUNS).exists()
    pipeline.train_classifier(tmp_path / "run", "2026-01-01")
    pipeline.train_classifier(tmp_path / "run", "2026-01-02", seed=8)
    kept = json.loads((tmp_path / looks.BESIDE_RUNS).read_text())
    assert [len(test["openings"]) for test in kept["tests"]] == [2]
