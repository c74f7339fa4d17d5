"""``segpredict campaign`` from outside."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from door import Door


@pytest.fixture
def own_run(run_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


def test_without_a_campaign_all_are_listed(segpredict: Door, run_folder: Path) -> None:
    code, out, _ = segpredict("campaign", "--run", run_folder)
    assert code == 0
    assert "hold_best" in out
    assert "not what a campaign saves" in " ".join(out.split())


def test_campaigns_as_json_are_one_object(segpredict: Door, run_folder: Path) -> None:
    _, out, _ = segpredict("campaign", "--run", run_folder, "--json")
    assert {"campaign", "n", "value_at_stake", "per_arm"} <= json.loads(out)["campaigns"][0].keys()


def test_a_list_names_the_control_group_and_the_detectable_uplift(
    segpredict: Door, own_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "list.csv"
    asked = ("campaign", "--run", own_run, "--campaign", "rest_dormant", "--out", out)
    code, shown, err = segpredict(*asked, "--holdout", "0.5", "--max-customers", "40")
    assert (code, err) == (0, "")
    assert "40 customers" in shown
    assert "in the control group" in shown
    table = pl.read_csv(out, infer_schema=False)
    assert table.height == 40
    assert set(table["arm"]) == {"treatment", "campaign holdout", "universal holdout"}


def test_a_campaign_needs_a_file(segpredict: Door, run_folder: Path) -> None:
    code, _, err = segpredict("campaign", "--run", run_folder, "--campaign", "hold_best")
    assert code == 2
    assert "--out" in err


def test_a_misspelt_campaign_names_the_nearest(
    segpredict: Door, own_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "list.csv"
    code, _, err = segpredict(
        "campaign", "--run", own_run, "--campaign", "rest_dormnt", "--out", out
    )
    assert code == 3
    assert "Did you mean 'rest_dormant'?" in err
    assert not out.exists()
