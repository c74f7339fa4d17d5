"""Another run takes the folder's place: checked, then served; a bad one changes nothing."""

import shutil
import threading
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from segpredict.core.run_folder import continue_run
from segpredict.errors import ArtifactError
from segpredict.service.app import create_app
from segpredict.service.live_run import LiveRun
from segpredict.service.options import ServiceOptions
from segpredict.service.state import ServiceState


@pytest.fixture
def folder(run_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run_folder, tmp_path / "run"))


@pytest.fixture
def state(folder: Path, live_state: ServiceState) -> ServiceState:
    return ServiceState(ServiceOptions(folder, rate=0), live_state.today, live_state.live)


def renew(folder: Path, note: str) -> None:
    """Put another run into the folder's place: the same, with a note."""
    with continue_run(folder) as draft:
        draft.metadata["notes"] = [note]
        draft.publish()


def test_a_new_run_is_served_without_a_restart(state, folder):
    old = state.live
    state.reload()
    assert state.live is old  # nothing has changed
    renew(folder, "another night")
    state.reload()
    assert state.live.digest != old.digest
    assert state.live.summary["notes"] == ["another night"]


@pytest.mark.parametrize("name", ["classifier/model.json", "scores.parquet", "manifest.json"])
def test_a_damaged_run_changes_nothing(state, folder, name):
    old = state.live
    renew(folder, "another night")
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    (folder / name).write_bytes(content[:-2] + b"  ")
    state.reload()
    assert state.live is old
    assert state.reload_problem
    client = TestClient(create_app(ServiceOptions(folder), state), "http://localhost")
    assert client.get("/v1/model").json()["reload_problem"] == state.reload_problem
    assert client.get("/v1/segments").status_code == 200


def test_a_bug_of_a_new_run_does_not_end_the_look_out(state, folder, monkeypatch):
    def fail(_):
        raise TypeError("of a column")

    old = state.live
    with monkeypatch.context() as broken:
        broken.setattr(LiveRun, "check", fail)
        renew(folder, "another night")
        state.reload()
    assert state.live is old
    assert "see the log" in state.reload_problem
    assert state.metrics.registry.get_sample_value(
        "segpredict_reloads_total", {"result": "refused"}
    )
    renew(folder, "a third night")
    state.reload()
    assert (state.live.summary["notes"], state.reload_problem) == (["a third night"], None)


def test_a_folder_that_is_gone_changes_nothing_until_it_is_back(state, folder, tmp_path):
    old = state.live
    folder.rename(tmp_path / "away")
    state.reload()
    assert state.live is old
    (tmp_path / "away").rename(folder)
    renew(folder, "back")
    state.reload()
    assert (state.live.summary["notes"], state.reload_problem) == (["back"], None)


def test_a_run_that_cannot_score_its_own_customers_is_refused(state, monkeypatch, folder):
    scores = state.live.scores.filter("is_eligible").head(0)
    monkeypatch.setattr(LiveRun, "score_known", lambda *_: scores)
    with pytest.raises(ArtifactError, match="cannot score"):
        LiveRun.load(folder)


def test_no_answer_mixes_two_runs(state, folder):
    """Each answer names one run, and all of it is that run's."""
    client = TestClient(create_app(ServiceOptions(folder, rate=0), state), "http://localhost")
    name = state.live.scores.filter("is_eligible")["customer_id"][0]
    known = {state.live.digest}
    stop = threading.Event()

    def swap() -> None:
        for night in range(2):
            renew(folder, f"night {night}")
            state.reload()
            known.add(state.live.digest)
        stop.set()

    swapping = threading.Thread(target=swap)
    swapping.start()
    seen = []
    while not stop.is_set():
        card = client.get("/v1/model")
        assert card.status_code == 200
        seen.append((card.json()["model"]["run"], tuple(card.json()["notes"])))
        assert client.get(f"/v1/customers/{name}").status_code == 200
    swapping.join()
    notes: dict[str, set[tuple[str, ...]]] = {}
    for run, note in seen:
        notes.setdefault(run, set()).add(note)
    assert notes.keys() <= known
    assert all(len(each) == 1 for each in notes.values())


def test_the_look_out_finds_a_new_run(state, folder, monkeypatch):
    monkeypatch.setattr("segpredict.service.app.RELOAD_SECONDS", 0.02)
    old = state.live.digest
    with TestClient(create_app(ServiceOptions(folder), state), "http://localhost") as client:
        renew(folder, "another night")
        for _ in range(500):
            if client.get("/ready").json()["run"] != old:
                return
    pytest.fail("the new run was never served")
