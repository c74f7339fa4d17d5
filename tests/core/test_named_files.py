import os
import stat
from pathlib import Path

import polars as pl
import pytest

from segpredict.core import disk, named_files
from segpredict.core.named_files import SignatureError
from segpredict.core.run_folder import MANIFEST_NAME, draft_run, encode_json, open_run
from segpredict.errors import ConfigError, TamperedFileError

KEY = "k" * named_files.MIN_KEY_BYTES


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with draft_run(tmp_path / "run") as draft:
        draft.write("parts/ledger.json", encode_json({"rows": 3}))
        draft.publish()
    return tmp_path / "run"


@pytest.mark.skipif(os.name == "nt", reason="Windows has none of these")
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "link_above"])
def test_what_is_no_plain_file_is_refused_before_it_is_opened(run: Path, kind: str) -> None:
    path = run / "parts" / "ledger.json"
    aside = run.parent / "aside.json"
    path.rename(aside)
    if kind == "link":
        path.symlink_to(aside)
    elif kind == "pipe":
        os.mkfifo(path)  # opened, it would wait for ever
    elif kind == "folder":
        path.mkdir()
    else:
        path.parent.rename(run.parent / "elsewhere")
        aside.rename(run.parent / "elsewhere" / "ledger.json")
        path.parent.symlink_to(run.parent / "elsewhere")
    with pytest.raises(TamperedFileError, match=r"ledger\.json"):
        open_run(run).read_json("parts/ledger.json")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes with names")
def test_a_manifest_that_is_a_pipe_is_not_waited_for(run: Path) -> None:
    (run / MANIFEST_NAME).unlink()
    os.mkfifo(run / MANIFEST_NAME)
    assert stat.S_ISFIFO((run / MANIFEST_NAME).stat().st_mode)
    with pytest.raises(Exception, match="holds no run"):
        open_run(run)


@pytest.mark.parametrize(
    "name",
    [
        *("../x.json", "/etc/passwd", "a/b/c.json", "..", ".", "a\\b.json", "A.JSON"),
        *("x.json\n", "x\0.json", "", "x" * 300 + ".json", "./x.json", "a//b.json"),
    ],
)
def test_a_name_that_is_not_plain_is_refused(name: str) -> None:
    facts = {name: {"sha256": "0" * 64, "bytes": 1}}
    with pytest.raises(TamperedFileError, match="cannot be its own"):
        named_files.require_file_facts(facts, MANIFEST_NAME)


@pytest.mark.parametrize(
    "fact",
    [
        *(None, [], {}, {"sha256": "0" * 64}, {"sha256": "0" * 64, "bytes": -1}),
        *({"sha256": "0" * 64, "bytes": True}, {"sha256": "A" * 64, "bytes": 1}),
    ],
)
def test_a_file_without_hash_or_size_is_refused(fact: object) -> None:
    with pytest.raises(TamperedFileError, match="gives no hash"):
        named_files.require_file_facts({"a.json": fact}, MANIFEST_NAME)


@pytest.mark.parametrize(
    "content",
    [b"[" * 200_000, b'{"a":' * 200_000, b'{"a":1,"a":2}', b"[NaN]", b"\xff", b"", b"9" * 9000],
)
def test_json_that_is_too_deep_or_not_strict_is_refused(content: bytes) -> None:
    with pytest.raises(TamperedFileError):
        named_files.parse_json(content, "a.json")


def test_no_more_of_a_manifest_is_read_than_its_limit(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_files, "MAX_JSON_BYTES", 4)
    with pytest.raises(TamperedFileError, match="longer than 4 bytes"):
        open_run(run).read_json("parts/ledger.json")


@pytest.mark.parametrize(
    "error",
    [
        pl.exceptions.PanicException("index out of bounds"),
        *(MemoryError(), RecursionError(), KeyError("a"), ZeroDivisionError(), OSError("no")),
    ],
)
def test_however_a_library_says_it_the_file_is_named(error: BaseException) -> None:
    with (
        pytest.raises(TamperedFileError, match=r"a\.parquet"),
        named_files.translate_damage("a.parquet"),
    ):
        raise error


def test_what_a_person_asks_for_is_no_damage() -> None:
    with pytest.raises(KeyboardInterrupt), named_files.translate_damage("a.parquet"):
        raise KeyboardInterrupt


def test_a_run_is_signed_by_the_key_that_is_set(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "signature" not in open_run(run).manifest
    monkeypatch.setenv(named_files.KEY_VARIABLE, KEY)
    with pytest.raises(SignatureError, match="is not signed"):
        open_run(run)
    with draft_run(tmp_path / "signed") as draft:
        draft.write("parts/ledger.json", encode_json({"rows": 3}))
        signed = draft.publish()
    assert open_run(tmp_path / "signed").read_json("parts/ledger.json") == {"rows": 3}
    assert "signature" not in signed.metadata
    monkeypatch.setenv(named_files.KEY_VARIABLE, KEY[::-1] + "!")
    with pytest.raises(SignatureError, match="not by this key"):
        open_run(tmp_path / "signed")
    monkeypatch.delenv(named_files.KEY_VARIABLE)
    assert open_run(tmp_path / "signed").read_json("parts/ledger.json") == {"rows": 3}


def test_a_signature_belongs_to_one_manifest_of_one_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(named_files.KEY_VARIABLE, KEY)
    known = named_files.signature_of("run", "0" * 64)
    named_files.require_signature("run", "0" * 64, known, "run")
    for kind, digest in [("store", "0" * 64), ("run", "1" * 64)]:
        with pytest.raises(SignatureError):
            named_files.require_signature(kind, digest, known, "run")


def test_a_key_that_can_be_guessed_is_refused(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(named_files.KEY_VARIABLE, "secret")
    with pytest.raises(ConfigError, match="openssl rand"):
        open_run(run)


def test_a_file_that_grew_is_not_read_beyond_what_is_known(run: Path) -> None:
    with (run / "parts" / "ledger.json").open("ab") as file:
        file.truncate(1 << 33)  # a hole of 8 GB
    with pytest.raises(TamperedFileError):
        open_run(run).read_bytes("parts/ledger.json")


def test_a_plain_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    with disk.open_plain(tmp_path / "a") as file:
        assert file.read() == b"1"
