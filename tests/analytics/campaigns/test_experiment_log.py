"""What was tried is written once, and never changed without being told."""

import json
from pathlib import Path

import polars as pl
import pytest

from segpredict.analytics.campaigns import evidence_status, find_experiment_logs
from segpredict.analytics.campaigns.experiment_log import ExperimentLog
from segpredict.errors import ArtifactError

LOTS = pl.DataFrame({"customer_id": ["a", "b"], "arm": ["treatment", "universal holdout"]})


def result(play: str = "hold") -> dict:
    return {
        "format": 1,
        "campaign": play,
        "created": "2026-11-21 08:00 UTC",
        "readout": "2027-02-20",
        "customers": 2,
        "arms": {"treatment": 1},
    }


def test_records_are_numbered_and_come_back(tmp_path: Path) -> None:
    log = ExperimentLog(tmp_path / "experiments")
    assert log.append_experiment(result(), LOTS).name == "0001-hold.json"
    assert log.append_experiment(result("call"), LOTS).name == "0002-call.json"
    assert [r["campaign"] for r in log.read_records()] == ["hold", "call"]
    assert log.earlier_arms()["call"] == {"a": "treatment", "b": "universal holdout"}


def test_nothing_was_tried_where_there_is_no_folder(tmp_path: Path) -> None:
    assert ExperimentLog(tmp_path / "none").read_records() == []
    assert ExperimentLog(tmp_path / "none").earlier_arms() == {}


def test_the_first_lot_of_a_customer_holds(tmp_path: Path) -> None:
    log = ExperimentLog(tmp_path)
    log.append_experiment(result(), LOTS)
    log.append_experiment(result(), LOTS.with_columns(arm=pl.lit("treatment")))
    assert log.earlier_arms()["hold"]["b"] == "universal holdout"


def test_a_list_of_arms_that_was_changed_or_lost_is_refused(tmp_path: Path) -> None:
    log = ExperimentLog(tmp_path)
    log.append_experiment(result(), LOTS)
    LOTS.with_columns(arm=pl.lit("treatment")).write_parquet(tmp_path / "0001-hold.parquet")
    with pytest.raises(ArtifactError, match="was changed"):
        log.earlier_arms()
    (tmp_path / "0001-hold.parquet").unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        log.earlier_arms()


def test_a_record_never_takes_the_place_of_another(tmp_path: Path) -> None:
    log = ExperimentLog(tmp_path)
    for _ in range(2):
        log.append_experiment(result(), LOTS)
    (tmp_path / "0001-hold.json").unlink()
    with pytest.raises(ArtifactError, match="the records before it do not"):
        log.append_experiment(result(), LOTS)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 2}', json.dumps({"format": 1})])
def test_a_record_that_cannot_be_read_stops(tmp_path: Path, text: str) -> None:
    (tmp_path / "0001-hold.json").write_text(text)
    with pytest.raises(ArtifactError, match="cannot be read"):
        ExperimentLog(tmp_path).read_records()


def test_arms_are_read_from_the_folder_alone(tmp_path: Path) -> None:
    log = ExperimentLog(tmp_path / "log")
    written = log.append_experiment(result(), LOTS)
    record = json.loads(written.read_text())
    outside = tmp_path / "0001-hold.parquet"
    (tmp_path / "log" / "0001-hold.parquet").rename(outside)
    record["assignment"]["file"] = "../0001-hold.parquet"
    written.write_text(json.dumps(record))
    with pytest.raises(ArtifactError, match="is missing"):
        log.earlier_arms()


def test_the_folder_stands_beside_the_run_unless_named(tmp_path: Path) -> None:
    assert find_experiment_logs(tmp_path / "run").folder == tmp_path / "experiments"
    assert find_experiment_logs(tmp_path / "run", "lists").folder == Path("lists")


def test_a_play_is_untested_until_a_list_was_drawn_and_then_on_trial() -> None:
    assert evidence_status("hold", [result("call")])[0] == "untested"
    word, sentence = evidence_status("hold", [result()])
    assert word == "running"
    assert "no result yet" in sentence
    assert "2027-02-20" in sentence


def test_arms_of_a_list_whose_record_never_came_go_with_the_next(tmp_path: Path) -> None:
    log = ExperimentLog(tmp_path / "log")
    with log.lock() as work:
        work.announce(["0001-call.parquet"])
        (log.folder / "0001-call.parquet").write_bytes(b"half")
    (log.folder / "0002-mine.parquet").write_bytes(b"mine")
    log.append_experiment(result(), LOTS)
    names = sorted(path.name for path in log.folder.iterdir())
    assert names == ["0001-hold.json", "0001-hold.parquet", "0002-mine.parquet"]


@pytest.mark.parametrize("text", ["", "[]", '{"created": "c"}', '{"status": "none", "look": {}}'])
def test_a_damaged_readout_stops(tmp_path: Path, text: str) -> None:
    log = ExperimentLog(tmp_path)
    log.append_experiment(result(), LOTS)
    with log.lock_readouts() as work:
        done = {"status": "none", "sentence": "No claim.", "look": None}
        path = log.append_readout("0001-hold", done, work)
    assert log.read_readouts("0001-hold") == [done]
    path.write_text(text)
    with pytest.raises(ArtifactError, match="should be a readout"):
        log.with_results()


def test_a_new_list_does_not_hide_what_an_older_one_found() -> None:
    done = {"status": "complete", "sentence": "Share who buy +3 points.", "look": None}
    records = [{**result(), "result": done}, {**result(), "result": None}]
    assert evidence_status("hold", records) == ("tested", "tested: Share who buy +3 points")
