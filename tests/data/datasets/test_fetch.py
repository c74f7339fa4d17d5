"""Downloads come from a server of our own: no test asks the world."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from segpredict import pipeline
from segpredict.config import load
from segpredict.data.datasets import (
    DATASETS,
    ArchiveMember,
    PublicDataset,
    fetch_dataset,
    get_dataset,
)
from segpredict.errors import DownloadError, TargetBusyError, UnknownNameError

ROWS = b"00001 19970101  1   11.77\r\n00002 19970112  1   12.00\r\n"


def archive(name: str = "CDNOW_master.txt", content: bytes = ROWS) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
        file.writestr("../escape.txt", "never unpacked")
    return packed.getvalue()


WHOLE = archive()


class Shelf(BaseHTTPRequestHandler):
    """Gives what a test has laid out."""

    given: ClassVar[dict[str, bytes]] = {
        "/whole.zip": WHOLE,
        "/page.zip": b"<html>",
        "/short.zip": WHOLE,
    }

    def do_GET(self) -> None:
        content = self.given.get(self.path)
        self.send_response(404 if content is None else 200)
        content = content or b""
        missing = 40 if self.path == "/short.zip" else 0
        self.send_header("Content-Length", str(len(content) + missing))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def dataset(url: str) -> PublicDataset:
    return replace(DATASETS["cdnow"], url=url)


def silent(_what: str, _share: float) -> None:
    """Show nothing."""


def test_a_data_set_comes_whole_with_its_checksum(address: str, tmp_path: Path):
    shares: list[float] = []
    found = fetch_dataset(
        dataset(f"{address}/whole.zip"), tmp_path, lambda _, share: shares.append(share)
    )
    assert found.files == (tmp_path / "cdnow" / "CDNOW_master.txt",)
    assert found.sha256 == hashlib.sha256(WHOLE).hexdigest()
    assert not found.is_pinned
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    everything = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*"))
    assert everything == ["cdnow", "cdnow/CDNOW_master.txt"]


def test_a_file_without_a_header_gets_one_and_its_preset_reads_it(address: str, tmp_path: Path):
    found = fetch_dataset(dataset(f"{address}/whole.zip"), tmp_path, silent)
    head = b"customer_id date number_of_cds dollar_value\n"
    assert found.files[0].read_bytes() == head + ROWS
    shares = pipeline.check_data([str(found.files[0])], load.load_config("cdnow"))
    assert shares["files"][0]["rows"] == 2


def test_a_known_checksum_that_fits_is_told(address: str, tmp_path: Path):
    right = hashlib.sha256(WHOLE).hexdigest()
    pinned = replace(dataset(f"{address}/whole.zip"), sha256=right, bytes=len(WHOLE))
    assert fetch_dataset(pinned, tmp_path, silent).is_pinned


@pytest.mark.parametrize(
    ("path", "change", "reason"),
    [
        ("whole.zip", {"sha256": "0" * 64}, "SHA-256"),
        ("whole.zip", {"bytes": 7}, "bytes, not 7"),
        ("whole.zip", {"max_bytes": 10}, "more than 10 bytes"),
        ("whole.zip", {"members": (ArchiveMember("other.txt"),)}, "no archive with other"),
        ("page.zip", {}, "no archive"),
        ("short.zip", {}, "of"),
        ("nowhere.zip", {}, "404"),
    ],
)
def test_what_is_not_as_it_should_be_leaves_nothing_behind(
    address: str, tmp_path: Path, path: str, change: dict[str, object], reason: str
):
    wrong = replace(dataset(f"{address}/{path}"), **change)
    with pytest.raises(DownloadError, match=reason):
        fetch_dataset(wrong, tmp_path, silent)
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_does_not_answer_is_named(tmp_path: Path):
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1"):
        fetch_dataset(dataset("http://127.0.0.1:9/x.zip"), tmp_path, silent)
    assert list(tmp_path.iterdir()) == []


def test_what_stands_there_goes_only_if_asked_and_never_a_file_of_others(
    address: str, tmp_path: Path
):
    (tmp_path / "cdnow").mkdir()
    (tmp_path / "cdnow" / "CDNOW_master.txt").write_text("old")
    (tmp_path / "cdnow" / "mine.txt").write_text("mine")
    given = dataset(f"{address}/whole.zip")
    for is_asked in (False, True):
        with pytest.raises(TargetBusyError):
            fetch_dataset(given, tmp_path, silent, replace=is_asked)
    assert (tmp_path / "cdnow" / "mine.txt").read_text() == "mine"
    (tmp_path / "cdnow" / "mine.txt").unlink()
    with pytest.raises(TargetBusyError):
        fetch_dataset(given, tmp_path, silent)
    fetch_dataset(given, tmp_path, silent, replace=True)
    assert [p.name for p in (tmp_path / "cdnow").iterdir()] == ["CDNOW_master.txt"]


def test_every_data_set_has_an_owner_a_licence_and_a_preset():
    for name, each in DATASETS.items():
        assert each.url.startswith("https://")
        assert each.licence
        assert each.source.startswith("https://")
        assert len(each.sha256) in (0, 64)
        load.load_config(name)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match="cdnaw"):
        get_dataset("cdnaw")
