import csv
import errno
import io
import json
import os
import shutil
from pathlib import Path

import polars as pl
import pytest

from run_hashes import verify_hashes
from segpredict.core import disk
from segpredict.core.run_folder import (
    MANIFEST_NAME,
    continue_run,
    draft_run,
    encode_csv,
    encode_json,
    open_run,
    parquet_writer,
)
from segpredict.core.work_folder import OLD_NAME, lock_target, work_place
from segpredict.errors import (
    ArtifactError,
    BusyError,
    LimitError,
    TamperedFileError,
    TargetBusyError,
    UsageError,
)
from segpredict.pipeline import artifacts

NUMBERS = pl.DataFrame({"n": [1, 2, 3]})
CONTENTS = {
    "ledger.json": encode_json({"rows": 3}),
    "segmentation/table.parquet": parquet_writer(NUMBERS),
}


def publish(
    folder: Path, contents: dict[str, object], facts: dict[str, object], **how: object
) -> None:
    with draft_run(folder, **how) as draft:
        for name, content in contents.items():
            draft.write(name, content)
        draft.metadata.update(facts)
        draft.publish()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    publish(tmp_path / "run", CONTENTS, {"seed": 1})
    return tmp_path / "run"


def leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.parent.iterdir() if p != folder]


def test_what_was_published_reads_back_equal(folder: Path) -> None:
    run = open_run(folder)
    verify_hashes(run)
    assert run.read_json("ledger.json") == {"rows": 3}
    assert run.read_parquet("segmentation/table.parquet").equals(NUMBERS)
    assert run.manifest["seed"] == 1
    assert leftovers(folder) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o700), (0o027, 0o750), (0o022, 0o755)])
def test_who_may_read_a_run_is_what_the_umask_says(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        publish(tmp_path / "run", CONTENTS, {})
    finally:
        os.umask(before)
    made = [tmp_path / "run", tmp_path / "run" / "segmentation"]
    assert [folder.stat().st_mode & 0o777 for folder in made] == [mode, mode]
    assert (tmp_path / "run" / "ledger.json").stat().st_mode & 0o777 == mode & 0o666


def test_a_run_is_not_replaced_unasked(folder: Path) -> None:
    with pytest.raises(TargetBusyError, match="force=True"):
        publish(folder, CONTENTS, {})
    assert open_run(folder).manifest["seed"] == 1


def test_a_folder_that_is_no_run_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(TargetBusyError):
        publish(tmp_path / "thesis", CONTENTS, {}, replace=True)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_a_draft_reads_what_it_wrote_and_names_what_nobody_wrote(
    tmp_path: Path,
) -> None:
    with draft_run(tmp_path / "run") as draft:
        draft.write("ledger.json", encode_json([1]))
        assert draft.read_json("ledger.json") == [1]
        with pytest.raises(ArtifactError, match="segpredict explain"):
            artifacts.read(draft, "explanation.importance")
    assert not (tmp_path / "run").exists()


def test_rewriting_a_carried_file_leaves_the_base_untouched(folder: Path) -> None:
    other = folder.parent / "other"
    publish(other, {"ledger.json": b"[]"}, {}, base=open_run(folder))
    assert open_run(folder).read_json("ledger.json") == {"rows": 3}
    verify_hashes(open_run(folder))


def test_a_later_stage_keeps_the_files_of_the_earlier(folder: Path) -> None:
    base = open_run(folder)
    publish(folder, {"report.html": b"<p>"}, {"seed": 2}, base=base, replace=True)
    run = open_run(folder)
    assert run.read_bytes("report.html") == b"<p>"
    assert run.read_parquet("segmentation/table.parquet").equals(NUMBERS)
    assert run.manifest["seed"] == 2


def test_a_writer_that_fails_leaves_the_old_run_as_it_was(folder: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(UsageError, match="disk full"):
        publish(folder, {"report.html": fail}, {}, replace=True)
    verify_hashes(open_run(folder))
    assert leftovers(folder) == []


def test_a_changed_file_is_refused_by_name(folder: Path) -> None:
    (folder / "ledger.json").write_bytes(b'{"rows": 4}')
    with pytest.raises(TamperedFileError, match=r"ledger\.json"):
        open_run(folder).read_json("ledger.json")


def test_a_lost_file_is_refused_by_name(folder: Path) -> None:
    (folder / "ledger.json").unlink()
    with pytest.raises(TamperedFileError, match=r"ledger\.json"):
        verify_hashes(open_run(folder))


def test_a_file_of_a_stage_that_has_not_run_names_the_command(folder: Path) -> None:
    with pytest.raises(ArtifactError, match="segpredict train-classifier"):
        artifacts.read(open_run(folder), "evaluation")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b'{"format": 2}',
        b'{"format": 2, "files": {}, "files": {}}',
        b'{"format": 2, "files": {"../../etc/passwd": {"sha256": ""}}}',
        b'{"format": 2, "files": {"a.json": {}}}',
        b'{"format": 2, "files": {}, "x": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(folder: Path, manifest: bytes) -> None:
    (folder / MANIFEST_NAME).write_bytes(manifest)
    with pytest.raises(TamperedFileError, match="manifest"):
        open_run(folder)


def test_a_run_of_a_newer_format_asks_for_a_newer_segpredict(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST_NAME).read_bytes()) | {"format": 99}
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="newer segpredict"):
        open_run(folder)


def test_a_folder_without_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="segpredict run"):
        open_run(tmp_path)


def test_two_runs_into_one_folder_exclude_each_other(tmp_path: Path) -> None:
    with draft_run(tmp_path / "run") as first:
        with pytest.raises(BusyError, match="is being written"):
            publish(tmp_path / "run", CONTENTS, {"seed": 2})
        first.write("ledger.json", b"[]")
        first.publish()
    assert list(open_run(tmp_path / "run").manifest["files"]) == ["ledger.json"]


def test_two_names_of_one_folder_have_one_lock(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    with continue_run(folder), pytest.raises(BusyError):
        publish(folder.parent / "link", CONTENTS, {}, replace=True)


def test_a_run_that_is_continued_is_read_when_nobody_else_can_write(folder: Path) -> None:
    with continue_run(folder) as draft:
        draft.write("report.html", b"<p>")
        with pytest.raises(BusyError), continue_run(folder):
            pass
        draft.publish()
    assert open_run(folder).read_json("ledger.json") == {"rows": 3}


def test_a_run_that_is_not_there_is_continued_by_nobody(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="holds no run"), continue_run(tmp_path / "a" / "run"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_reader_has_the_run_that_it_opened_whatever_takes_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(disk, "_exchange", lambda *_: False)
    before = open_run(folder)
    lazy = before.scan_parquet("segmentation/table.parquet")
    changed = {**CONTENTS, "ledger.json": b"[]", "segmentation/table.parquet": b"no table"}
    publish(folder, changed, {"seed": 2}, replace=True)
    publish(folder, changed, {"seed": 3}, replace=True)
    verify_hashes(before)
    assert before.read_json("ledger.json") == {"rows": 3}
    assert lazy.collect().equals(NUMBERS)
    assert open_run(folder).read_json("ledger.json") == []
    del before
    publish(folder, CONTENTS, {"seed": 4}, replace=True)
    assert leftovers(folder) == []


def test_a_reader_between_two_renames_finds_the_old_run_and_so_does_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where folders cannot be exchanged: the moment after the first of two renames."""
    place = work_place(folder)
    with lock_target(folder) as work:
        folder.rename(work.place / OLD_NAME)
        assert open_run(folder).manifest["seed"] == 1
        verify_hashes(open_run(folder))
        shutil.copytree(place, folder.parent / "copy")
        (work.place / OLD_NAME).rename(folder)
    shutil.rmtree(folder)
    shutil.move(folder.parent / "copy", place)  # as a kill leaves it
    assert open_run(folder).manifest["seed"] == 1
    with pytest.raises(TargetBusyError):
        publish(folder, CONTENTS, {"seed": 2})
    assert open_run(folder).manifest["seed"] == 1
    assert leftovers(folder) == []


def test_a_run_that_was_replaced_where_folders_cannot_be_held_is_not_called_tampered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk.work_folder, "open_handle", lambda _: None)
    before = open_run(folder)
    publish(folder, {"ledger.json": b"[]"}, {"seed": 2}, replace=True)
    with pytest.raises(ArtifactError, match="was replaced") as told:
        before.read_json("ledger.json")
    assert not isinstance(told.value, TamperedFileError)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError("No space left on device (os error 28)"),  # as Polars says it
        pl.exceptions.ComputeError("No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_told_as_one(folder: Path, error: Exception) -> None:
    def fail(_: Path) -> None:
        raise error

    with pytest.raises(LimitError, match="is full"):
        publish(folder, {"report.html": fail}, {}, replace=True)
    verify_hashes(open_run(folder))
    assert leftovers(folder) == []


def test_cells_that_a_spreadsheet_would_run_are_disarmed() -> None:
    cells = pl.DataFrame({"id": ["=1+1", "@x", "-5", "a=b"], "n": [-1, 2, 3, 4]})
    lines = encode_csv(cells).decode().splitlines()[1:]
    assert lines == ["'=1+1,-1", "'@x,2", "'-5,3", "a=b,4"]


def test_a_changed_fact_of_the_manifest_is_refused(folder: Path) -> None:
    path = folder / MANIFEST_NAME
    path.write_text(path.read_text().replace('"seed": 1', '"seed": 2'))
    with pytest.raises(TamperedFileError, match="digest"):
        open_run(folder)


def test_a_stage_can_drop_what_it_has_made_untrue(folder: Path) -> None:
    with draft_run(folder, base=open_run(folder), replace=True) as draft:
        draft.remove("segmentation/")
        draft.publish()
    assert list(open_run(folder).manifest["files"]) == ["ledger.json"]
    assert not (folder / "segmentation").exists()


def test_a_target_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UsageError, match="cannot be written"),
        draft_run(tmp_path / "file" / "run"),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "written"),
    [
        *((f"{sign}1", f"'{sign}1") for sign in "=+-@＝＋－＠"),
        *((" =1", " '=1"), ("\t=1", "\t'=1"), ("\r-x", "\r'-x")),
        # Where commas are decimal marks, spreadsheets part cells at semicolons.
        *(("x;=1", "x;'=1"), ("x\n@a", "x\n'@a"), ("x; =1;-2", "x; '=1;'-2")),
        *(("a-b", "a-b"), ("1=1", "1=1"), ("", ""), (None, "")),
    ],
)
def test_no_part_of_a_csv_can_be_taken_for_a_formula(text, written) -> None:
    frame = pl.DataFrame({"n": [-1], "text": [text]}, schema_overrides={"text": str})
    rows = list(csv.reader(io.StringIO(encode_csv(frame).decode(), newline="")))
    assert rows == [["n", "text"], ["-1", written]]


def test_a_path_that_is_no_text_comes_back_from_json() -> None:
    path = os.fsdecode(b"caf\xe9.csv")
    assert json.loads(encode_json({"file": path})) == {"file": path}
