"""Only one writer of a place at a time, and nothing swept that is not ours."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from segpredict.core import work_folder
from segpredict.core.work_folder import (
    GRACE_SECONDS,
    MARK_NAME,
    lock_target,
    own_folder,
    remove_own_folder,
    work_place,
)
from segpredict.errors import BusyError, UsageError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def left_by_a_killed_process(target: Path, file: str = "half.csv", **how: bool) -> Path:
    """Make the work folder of a process that was killed while it wrote a draft."""
    with lock_target(target, **how) as work:
        (work.new_folder() / file).write_text("personal data")
        shutil.copytree(work.place, target.parent / "copy")
    shutil.move(target.parent / "copy", work_place(target, **how))
    return work_place(target, **how)


@pytest.mark.parametrize(
    "name",
    [".shop.2024.backup", ".shop.2023.old", ".shop.20241129235959.new", ".shop.99999.x.new"],
)
def test_a_foreign_folder_whose_name_looks_like_a_draft_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine").write_text("mine")
    with lock_target(tmp_path / "shop"):
        pass
    assert (tmp_path / name / "mine").read_text() == "mine"
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("mark", [None, "{}", '{"made_by": "segpredict", "target": "other"}'])
def test_a_foreign_folder_in_the_place_of_the_work_folder_is_named_and_stays(
    tmp_path: Path, mark: str | None
) -> None:
    place = work_place(tmp_path / "shop")
    place.mkdir()
    (place / "mine").write_text("mine")
    if mark is not None:
        (place / MARK_NAME).write_text(mark)
    before = names(place)
    with pytest.raises(UsageError, match="did not write"), lock_target(tmp_path / "shop"):
        pass
    with lock_target(tmp_path / "neighbour"):
        pass
    assert names(place) == before


def test_a_file_of_that_name_stays(tmp_path: Path) -> None:
    work_place(tmp_path / "shop").write_text("mine")
    with pytest.raises(UsageError, match="cannot be written"), lock_target(tmp_path / "shop"):
        pass
    assert work_place(tmp_path / "shop").read_text() == "mine"


def test_the_live_draft_of_a_longer_name_stays(tmp_path: Path) -> None:
    with lock_target(tmp_path / "v1.9") as other:
        draft = other.new_folder()
        with lock_target(tmp_path / "v1"):
            pass
        assert draft.is_dir()


def test_what_a_killed_process_left_goes_with_the_next_writer(tmp_path: Path) -> None:
    place = left_by_a_killed_process(tmp_path / "shop")
    with lock_target(tmp_path / "shop"):
        assert not list(place.glob("draft-*"))
    assert names(tmp_path) == []


def test_what_a_killed_process_left_goes_with_a_writer_next_to_it(tmp_path: Path) -> None:
    left_by_a_killed_process(tmp_path / "list-monday.csv")
    with lock_target(tmp_path / "list-tuesday.csv"):
        pass
    assert names(tmp_path) == []


def test_a_process_number_that_was_given_again_proves_nothing(tmp_path: Path) -> None:
    place = left_by_a_killed_process(tmp_path / "shop")
    mark = json.loads((place / MARK_NAME).read_text())
    assert mark["process"] == os.getpid()  # alive: it is this one
    with lock_target(tmp_path / "shop") as work:
        assert names(work.place) == ["lock", MARK_NAME]


def test_a_process_that_was_killed_before_it_signed_blocks_nobody(tmp_path: Path) -> None:
    place = work_place(tmp_path / "shop")
    place.mkdir()
    for empty in ("lock", MARK_NAME):
        (place / empty).touch()
    with lock_target(tmp_path / "shop"):
        pass
    assert names(tmp_path) == []


def test_the_second_writer_is_told_who_writes_and_writes_nothing(tmp_path: Path) -> None:
    with (
        lock_target(tmp_path / "shop"),
        pytest.raises(BusyError, match=f"process {os.getpid()}") as told,
        lock_target(tmp_path / "shop", wait_seconds=0),
    ):
        pass
    assert told.value.exit_code == 11
    assert names(tmp_path) == []


def test_a_lock_goes_with_its_process_however_it_ends(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom pathlib import Path\n"
        "from segpredict.core.work_folder import lock_target\n"
        f"with lock_target(Path({str(tmp_path / 'shop')!r})) as work:\n"
        "    (work.new_folder() / 'half').write_text('x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, check=False)
    assert done.returncode == -9
    assert names(tmp_path) == [work_place(tmp_path / "shop").name]
    with lock_target(tmp_path / "shop", wait_seconds=GRACE_SECONDS):
        pass
    assert names(tmp_path) == []


def test_an_announced_file_that_nobody_needs_goes_and_any_other_stays(tmp_path: Path) -> None:
    store = tmp_path / "store"
    with lock_target(store, inside=True) as work:
        work.announce(["base-0.parquet", "base-1.parquet"])
        for name in ("base-0.parquet", "base-1.parquet", "mine-1.parquet"):
            (store / name).touch()
        shutil.copytree(work.place, tmp_path / "copy")
        work.settle(["base-0.parquet", "base-1.parquet"])  # so it was not killed
    shutil.move(tmp_path / "copy", work_place(store, inside=True))
    with lock_target(store, inside=True) as work:
        work.settle(["base-0.parquet"])
    assert names(store) == ["base-0.parquet", "mine-1.parquet"]


def test_what_is_announced_stays_known_until_it_is_settled(tmp_path: Path) -> None:
    with lock_target(tmp_path / "store", inside=True) as work:
        work.announce(["base-0.parquet"])
        (tmp_path / "store" / "base-0.parquet").touch()
    with lock_target(tmp_path / "store", inside=True) as work:
        assert not work.is_settled
        work.settle([])
    assert names(tmp_path) == []


def test_a_folder_of_saved_work_is_removed_only_if_it_is_ours(tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "mine").write_text("mine")
    assert not own_folder(tmp_path / "foreign")
    remove_own_folder(tmp_path / "foreign")
    assert names(tmp_path / "foreign") == ["mine"]
    assert own_folder(tmp_path / "ours")
    assert own_folder(tmp_path / "ours")
    remove_own_folder(tmp_path / "ours")
    assert names(tmp_path) == ["foreign"]


def test_a_system_without_locks_on_folders_still_writes_and_reads(tmp_path: Path) -> None:
    """Windows has no ``fcntl``; there filelock locks otherwise, and files are read by name."""
    code = (
        "import sys, warnings\nwarnings.simplefilter('ignore')\nsys.modules['fcntl'] = None\n"
        "from pathlib import Path\nfrom segpredict.cli import main\n"
        "from segpredict.core.run_folder import draft_run, open_run\n"
        f"folder = Path({str(tmp_path / 'run')!r})\n"
        "for number in (1, 2):\n"
        "    with draft_run(folder, replace=True) as draft:\n"
        "        draft.write('ledger.json', str(number).encode())\n"
        "        draft.publish()\n"
        "print(open_run(folder).read_json('ledger.json'))\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2"]
    assert names(tmp_path) == ["run"]


@pytest.mark.parametrize("is_signed", [True, False])
def test_a_writer_that_begins_or_ends_during_the_look_is_no_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_signed: bool
) -> None:
    place = work_place(tmp_path / "shop")
    (place / "draft-1").mkdir(parents=True)
    looks = []

    def look(_place: Path) -> dict[str, str]:
        looks.append(1)
        if len(looks) == 2 and not is_signed:
            (place / "draft-1").rmdir()
        return {"made_by": "segpredict"} if len(looks) == 2 and is_signed else {}

    monkeypatch.setattr(work_folder, "_read_mark", look)
    work_folder._refuse_strangers(place)
    assert len(looks) == 2


def test_a_work_folder_that_goes_while_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, refused = Path.mkdir, []

    def mkdir(path: Path, *args: Any, **options: Any) -> None:
        if path.suffix == work_folder.ENDING and not refused:
            refused.append(path)  # as Path.mkdir does where the folder goes before it looks
            raise FileExistsError(path)
        make(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with work_folder.lock_target(tmp_path / "log.json"):
        assert refused
    (tmp_path / ".log.json.segpredict").write_text("a file of somebody else")
    with pytest.raises(UsageError), work_folder.lock_target(tmp_path / "log.json"):
        pass
