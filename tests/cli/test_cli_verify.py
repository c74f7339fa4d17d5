"""``segpredict verify``: a run and a store, as made, changed, signed."""

import json
import shutil

from segpredict.core.named_files import KEY_VARIABLE


def test_a_run_as_it_was_made(segpredict, run_folder) -> None:
    code, told, _ = segpredict("verify", run_folder)
    assert code == 0
    assert "The run is as it was made" in told
    assert "not signed" in told


def test_a_changed_run_ends_with_the_code_of_artifacts(segpredict, run_folder, tmp_path) -> None:
    run = shutil.copytree(run_folder, tmp_path / "run")
    (run / "ledger.json").write_bytes(b"{}")
    code, _, said = segpredict("verify", run)
    assert code == 7
    assert "ledger.json" in said


def test_a_store_is_signed_and_verified(segpredict, sample_file, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "k" * 32)
    code, _, said = segpredict("ingest", "--data", sample_file, "--store", tmp_path / "store")
    assert code == 0, said
    code, told, _ = segpredict("verify", tmp_path / "store", "--json")
    found = json.loads(told)
    assert (code, found["kind"], found["signature"]) == (0, "store", "valid")
    on_disk = {p for p in (tmp_path / "store").rglob("*") if p.is_file()}
    assert found["files"] == len(on_disk) - 1  # all but the manifest
    monkeypatch.delenv(KEY_VARIABLE)
    code, told, _ = segpredict("verify", tmp_path / "store")
    assert "set SEGPREDICT_SIGNING_KEY to check" in told
    monkeypatch.setenv(KEY_VARIABLE, "another key of thirty-two bytes!")
    code, _, said = segpredict("verify", tmp_path / "store")
    assert (code, "not by this key" in said) == (7, True)


def test_a_folder_that_holds_neither(segpredict, tmp_path) -> None:
    code, _, said = segpredict("verify", tmp_path)
    assert code == 7
    assert "holds no run" in said
