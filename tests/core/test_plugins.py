"""Another package adds an algorithm, a feature family and a reader by its entry points."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import segpredict
from pictures import without_pictures
from segpredict import pipeline
from segpredict.config import load
from segpredict.core.registry import Registry
from segpredict.data.readers import READERS
from segpredict.errors import PluginError, UnknownNameError
from segpredict.features import FEATURE_FAMILIES, FeatureFamily
from segpredict.segmentation.algorithms import CLUSTERERS

PACKAGE = Path(__file__).parents[2] / "examples" / "plugin"
Install = Callable[[Path, str], None]


@pytest.fixture
def uninstall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return what takes all packages of the test away; done at its end in any case."""

    def away() -> None:
        monkeypatch.undo()
        forget()

    yield away
    away()


@pytest.fixture
def install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uninstall: Callable[[], None]
) -> Install:
    """Return what puts a package on the path as pip would, with its entry points."""
    del uninstall

    def put(code: Path, toml: str) -> None:
        about = tomllib.loads(toml)["project"]
        facts = (
            tmp_path / "site" / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
        )
        facts.mkdir(parents=True)
        (facts / "METADATA").write_text(f"Name: {about['name']}\nVersion: {about['version']}\n")
        groups = [
            "\n".join([f"[{group}]", *(f"{name} = {place}" for name, place in points.items())])
            for group, points in about["entry-points"].items()
        ]
        (facts / "entry_points.txt").write_text("\n".join(groups))
        monkeypatch.syspath_prepend(code)
        monkeypatch.syspath_prepend(facts.parent)
        forget()

    return put


def forget() -> None:
    """Let the registries look for their parts again."""
    for registry in (CLUSTERERS, FEATURE_FAMILIES, READERS):
        vars(registry).pop("_parts", None)


def test_a_run_uses_an_algorithm_a_family_and_a_reader_of_another_package(
    install: Install, uninstall: Any, plain_config: load.Config, sample_file: Path, tmp_path: Path
) -> None:
    install(PACKAGE, (PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))
    lines = tmp_path / "sales.jsonl"
    pl.read_csv(sample_file, infer_schema=False).write_ndjson(lines)
    config = replace(
        plain_config,
        segmentation=replace(plain_config.segmentation, algorithm="spend_quantiles"),
        classifier=replace(plain_config.classifier, families=("rfm", "large_orders")),
    )
    with without_pictures():
        pipeline.run_pipeline([lines], config, pipeline.RunTarget(tmp_path / "run"))
    predictor = segpredict.load(tmp_path / "run")
    assert predictor.families == ("large_orders", "rfm")
    assert predictor.segmentation.algorithm == "spend_quantiles"
    assert predictor.score([lines]).height > 100
    uninstall()
    state = predictor.segmentation.to_state()  # groups end in a rule of segpredict's own
    assert type(predictor.segmentation).from_state(state) == predictor.segmentation
    with pytest.raises(UnknownNameError, match='"large_orders"'):
        segpredict.load(tmp_path / "run")


@pytest.mark.parametrize(
    ("code", "name", "reason"),
    [
        ("import nothing_of_that_name", "odd", "ModuleNotFoundError: No module named"),
        ("PART = 1", "odd", "it is of the class int, not FeatureFamily"),
        ("PART = 1", "rfm", "segpredict has a part of that name itself"),
    ],
    ids=["no import", "another class", "a name that is taken"],
)
def test_a_plugin_that_cannot_be_used_is_named(
    install: Install, tmp_path: Path, code: str, name: str, reason: str, request
) -> None:
    module = f"odd_plugin_{request.node.callspec.indices['code']}"
    (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
    toml = "[project]\nname = 'odd-plugin'\nversion = '1'\n"
    toml += f"[project.entry-points.'segpredict.families']\n{name} = '{module}:PART'\n"
    install(tmp_path, toml)
    families = Registry("segpredict.features.families", FeatureFamily, "segpredict.families")
    with pytest.raises(PluginError, match=reason) as told:
        families.names()
    assert f'"{name}" of the package "odd-plugin"' in str(told.value)
    assert told.value.exit_code == 3
