"""A run that no longer forecasts as it did is refused, also with hashes that were corrected."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from run_hashes import forge
from segpredict import pipeline
from segpredict.core.run_folder import open_run
from segpredict.errors import ArtifactError, TamperedFileError
from segpredict.pipeline import loading
from segpredict.scoring import golden_rows

GOLDEN = "classifier/golden_rows.parquet"


@pytest.fixture(scope="module")
def predictor(run_folder):
    return pipeline.load(run_folder)


@pytest.fixture
def run(run_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(run_folder, tmp_path / "run")


def edit_json(run: Path, name: str, edit: Callable[[Any], None]) -> None:
    state = json.loads((run / name).read_bytes())
    edit(state)
    forge(run, name, json.dumps(state).encode())


def trees(model: Any) -> list[Any]:
    return model["learner"]["gradient_booster"]["model"]["trees"]


def change_a_leaf(model: Any) -> None:
    tree = trees(model)[0]
    leaf = tree["left_children"].index(-1)
    tree["split_conditions"][leaf] += 0.01


def change_a_split(model: Any) -> None:
    for tree in trees(model)[:20]:
        tree["split_conditions"][0] *= 1.5


def scale(*path: Any) -> Callable[[Any], None]:
    def edit(state: Any) -> None:
        for key in path[:-1]:
            state = state[key]
        state[path[-1]] *= 1.01

    return edit


FORGED = [
    ("classifier/xgboost.json", change_a_leaf),
    ("classifier/xgboost.json", change_a_split),
    ("classifier/model.json", scale("ensemble", "level")),
    ("classifier/model.json", scale("ensemble", "pool", "markov_weight")),
    ("classifier/model.json", scale("ensemble", "xgboost_model", "start", 1)),
    ("segmentation/model.json", scale("clusters", "assignment_rule", "centres", 0, 0)),
    ("segmentation/model.json", scale("axes", 0, "mean")),
    ("customer_value/value_model.json", scale("spend_model", "lost_shares", 1, 1)),
]


@pytest.mark.parametrize(("name", "edit"), FORGED)
def test_a_changed_number_is_refused_though_its_hash_was_corrected(run, name, edit) -> None:
    edit_json(run, name, edit)
    with pytest.raises(ArtifactError, match="does not forecast as it did"):
        pipeline.load(run)


def test_the_scores_alone_tell_a_changed_leaf(predictor, run) -> None:
    golden = loading.load(open_run(run), "golden_rows")
    assert golden_rows.differing_scores(predictor, golden) == ""
    edit_json(run, "classifier/xgboost.json", change_a_leaf)
    forged = loading.load_models(open_run(run))
    assert "golden rows differs" in golden_rows.differing_scores(
        replace(predictor, model=forged.selected), golden
    )


def test_golden_rows_visit_nearly_every_leaf(predictor, run_folder) -> None:
    golden = loading.load(open_run(run_folder), "golden_rows")
    booster = loading.load_models(open_run(run_folder)).ensemble.xgboost_model
    state = json.loads(booster.booster.save_raw("json"))
    leaves = sum(tree["left_children"].count(-1) for tree in trees(state))
    visited = {leaf for row in booster.visited_leaves(golden).tolist() for leaf in row}
    assert len(visited) > 0.97 * leaves


def test_golden_rows_are_of_no_customer(run_folder) -> None:
    run = open_run(run_folder)
    golden, scores = loading.load(run, "golden_rows"), loading.load(run, "scores")
    assert not set(golden["customer_id"]) & set(scores["customer_id"])


def test_a_run_without_golden_rows_is_refused(run) -> None:
    forge(run, GOLDEN, None)
    with pytest.raises(ArtifactError, match="has no classifier/golden_rows"):
        pipeline.load(run)


def test_golden_rows_of_another_kind_are_refused(run) -> None:
    forge(run, GOLDEN, (run / "scores.parquet").read_bytes())
    with pytest.raises(ArtifactError, match="run"):
        pipeline.load(run)


def test_a_table_that_is_none_is_refused(run) -> None:
    content = bytearray((run / GOLDEN).read_bytes())
    content[len(content) // 2 : -8] = b"\0" * (len(content) - 8 - len(content) // 2)
    forge(run, GOLDEN, bytes(content))
    with pytest.raises(TamperedFileError, match="golden_rows"):
        pipeline.load(run)


def test_verify_scores_all_customers_again(run) -> None:
    found = pipeline.verify_folder(run)
    scores = pl.read_parquet(run / "scores.parquet")
    assert found["customers"] == scores.height
    assert (found["kind"], found["signature"]) == ("run", "none")
    best = scores.with_columns(pl.col("p_inactive") * 0.9)
    best.write_parquet(run / "other.parquet")
    forge(run, "scores.parquet", (run / "other.parquet").read_bytes())
    (run / "other.parquet").unlink()
    with pytest.raises(ArtifactError, match="p_inactive differs"):
        pipeline.verify_folder(run)


def test_verify_names_a_file_that_nothing_vouches_for(run) -> None:
    (run / "classifier" / "more.pkl").write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"more\.pkl, which its manifest does not name"):
        pipeline.verify_folder(run)


def test_verify_names_a_link_to_a_folder(run, tmp_path) -> None:
    (run / "more").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ArtifactError, match="holds more, which its manifest does not name"):
        pipeline.verify_folder(run)


@pytest.mark.parametrize(
    "edit",
    [
        lambda state: state["groups"].pop(),
        lambda state: state["groups"][0].__setitem__(2, {}),
        lambda state: state["groups"][0][3].append("no_column"),
        lambda state: state["references"].popitem(),
        lambda state: state["references"].update(dict.fromkeys(state["references"], "much")),
        lambda state: state["least"].update(other=None),
    ],
)
def test_an_explainer_of_other_columns_is_refused(run, edit) -> None:
    edit_json(run, "explain/explainer.json", edit)
    with pytest.raises(TamperedFileError, match=r"explainer\.json"):
        pipeline.load(run)


def test_verify_finds_one_changed_byte_in_any_file(run) -> None:
    path = run / "report.html"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(TamperedFileError, match=r"report\.html"):
        pipeline.verify_folder(run)
