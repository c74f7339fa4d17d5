"""Rows F01-F30 of the catalogue of bad input, each under its id."""

import gzip
import os
import socket
import threading
import time
import zipfile
from pathlib import Path

import pytest

from segpredict.config.source import SourceOptions
from segpredict.core.transactions import RawLines
from segpredict.data.readers import read_raw_lines
from segpredict.data.readers._unpack import open_unchanged
from segpredict.errors import (
    BadCellsError,
    FileMissingError,
    LimitError,
    SegpredictError,
    SourceError,
    UnreadableFileError,
    UsageError,
)

PLAIN = "customer_id,date,amount,description\n00123,2011-01-31,2.50,mug\n"
MAGIC = {
    "xlsx": b"PK\x03\x04",
    "png": b"\x89PNG\r\n\x1a\n",
    "elf": b"\x7fELF\x02\x01",
    "sqlite": b"SQLite format 3\x00",
    "duckdb": bytes(8) + b"DUCK" + bytes(20),
    "pdf": b"%PDF-1.7",
    "parquet": b"PAR1",
    "old excel": b"\xd0\xcf\x11\xe0",
}


def put(folder: Path, content: str | bytes, name: str = "sales.csv") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def found(raw: RawLines) -> dict[str, str]:
    return raw.files[0].detected.shown()


def test_f01_a_missing_file_is_answered_with_its_nearest_neighbour(
    tmp_path: Path,
) -> None:
    put(tmp_path, PLAIN, "sales_2011.csv")
    with pytest.raises(FileMissingError, match=r"sales_2011\.csv") as caught:
        read_raw_lines([str(tmp_path / "sale_2011.csv")])
    assert caught.value.exit_code == 4


def test_f02_a_folder_is_read_whole_and_one_without_tables_is_refused(
    tmp_path: Path,
) -> None:
    put(tmp_path, PLAIN, "in/a.csv")
    put(tmp_path, PLAIN, "in/.hidden/b.csv")
    put(tmp_path, "x", "none/readme.md")
    assert read_raw_lines([str(tmp_path / "in")]).frame.height == 1
    with pytest.raises(SourceError, match="no file that can be read"):
        read_raw_lines([str(tmp_path / "none")])


def test_f03_a_file_without_rights_is_named_with_owner_and_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = put(tmp_path, PLAIN)
    Path(name).chmod(0)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read what nobody may
    with pytest.raises(UnreadableFileError, match=r"may not be read \(owner \d+, mode 0"):
        read_raw_lines([name])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "empty", id="F04"),
        pytest.param(b"\n\n  \r\n", "no header", id="F05"),
        pytest.param(bytes(64), "binary file", id="F13"),
        pytest.param(b"<html><body>Please log in</body>", "HTML", id="F20-html"),
        pytest.param(b'[{"a": 1}]', "JSON", id="F20-json"),
        pytest.param(PLAIN.encode("utf-16-le"), "utf-16-le", id="F09-le"),
        pytest.param(PLAIN.encode("utf-16-be"), "utf-16-be", id="F09-be"),
    ],
)
def test_a_file_without_a_table_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=reason) as caught:
        read_raw_lines([put(tmp_path, content)])
    assert caught.value.exit_code == 4


def test_f06_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, PLAIN.splitlines()[0] + "\n")])
    assert raw.frame.height == 0
    assert raw.files[0].rows == 0


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param(PLAIN.encode("utf-8-sig"), "utf-8", id="F07"),
        pytest.param(PLAIN.encode("utf-16"), "utf-16", id="F08"),
        pytest.param(b"\xfe\xff" + PLAIN.encode("utf-16-be"), "utf-16", id="F08-be"),
        pytest.param(PLAIN.encode("utf-32"), "utf-32", id="F08-utf32"),
    ],
)
def test_a_marked_coding_is_read_and_recorded(
    content: bytes, encoding: str, tmp_path: Path
) -> None:
    raw = read_raw_lines([put(tmp_path, content)])
    assert raw.frame["customer_id"].to_list() == ["00123"]
    assert found(raw)["encoding"] == encoding


def test_f10_cp1252_is_recorded_with_the_first_row_that_shows_it(
    tmp_path: Path,
) -> None:
    text = PLAIN + "2,2011-02-01,1,Côte €5\n"
    raw = read_raw_lines([put(tmp_path, text.encode("cp1252"))])
    assert raw.frame["description"].to_list() == ["mug", "Côte €5"]
    assert found(raw)["encoding"] == "cp1252"
    assert found(raw)["first_row_not_utf8"] == '3: "2,2011-02-01,1,Côte €5"'


def test_f10_letters_of_another_alphabet_are_not_guessed(tmp_path: Path) -> None:
    text = PLAIN + "2,2011-02-01,1,Привет\n"
    name = put(tmp_path, text.encode("cp1251"))
    with pytest.raises(UnreadableFileError, match='cp1251 reads "Привет"') as caught:
        read_raw_lines([name])
    assert caught.value.to_dict()["row"] == 3
    raw = read_raw_lines([name], SourceOptions(encoding="cp1251"))
    assert raw.frame["description"][1] == "Привет"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"\xff", id="F11"),
        pytest.param(b"\xc0\xaf", id="F12-overlong"),
        pytest.param(b"\xed\xa0\x80", id="F12-surrogate"),
    ],
)
def test_an_invalid_byte_is_named_with_row_column_and_offset(damage: bytes, tmp_path: Path) -> None:
    rows = "".join(f"{i},2011-01-31,1,Côte\n" for i in range(90_000))
    content = (PLAIN + rows).encode() + b"7,2011-01-31,1,x" + damage + b"\n"
    with pytest.raises(UnreadableFileError, match="is not UTF-8") as caught:
        read_raw_lines([put(tmp_path, content)])
    facts = caught.value.to_dict()
    assert (facts["row"], facts["column"]) == (90_003, "description")
    assert f"byte {content.index(damage)} " in facts["message"]
    assert "source.encoding" in facts["fix"]


def test_f14_a_nul_byte_spoils_its_row_and_cuts_nothing(tmp_path: Path) -> None:
    name = put(tmp_path, PLAIN + "17\x0050,2011-01-31,1,x\n")
    with pytest.raises(BadCellsError, match="NUL byte") as caught:
        read_raw_lines([name])
    assert caught.value.to_dict()["row"] == 3
    raw = read_raw_lines([name], bad_rows="carry")
    assert raw.frame["customer_id"].to_list() == ["00123"]
    assert raw.rejects is not None
    assert raw.rejects["column"].to_list() == ["customer_id"]


def test_f15_gzip_under_another_name_is_read_and_noted(tmp_path: Path) -> None:
    raw = read_raw_lines([put(tmp_path, gzip.compress(PLAIN.encode()))])
    assert found(raw)["packing"] == "gzip"
    assert "by its first bytes" in found(raw)["misnamed"]


@pytest.mark.parametrize("cut", [pytest.param(c, id=f"F16-{c}") for c in (-1, -9, 40)])
def test_a_damaged_gzip_is_refused(cut: int, tmp_path: Path) -> None:
    packed = gzip.compress(PLAIN.encode() * 50)
    with pytest.raises(UnreadableFileError, match="gzip is damaged after row"):
        read_raw_lines([put(tmp_path, packed[:cut], "a.csv.gz")])


def test_f16_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(PLAIN.encode()))
    packed[-6] ^= 1
    with pytest.raises(UnreadableFileError, match="gzip is damaged"):
        read_raw_lines([put(tmp_path, bytes(packed), "a.csv.gz")])


@pytest.mark.parametrize("kind", [pytest.param(k, id=f"F17-{k}") for k in ("gz", "zip")])
def test_a_bomb_stops_at_the_ratio(kind: str, tmp_path: Path) -> None:
    bomb = PLAIN.encode() + b"1,2011-01-31,1,x\n" * 6_000_000  # 102 MB
    path = tmp_path / f"a.csv.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(bomb, 9))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", bomb)
    del bomb
    with pytest.raises(LimitError, match=r"times; source\.max_unpacked_bytes") as caught:
        read_raw_lines([str(path)])
    assert caught.value.exit_code == 10


def test_f17_the_size_to_which_a_file_may_grow_can_be_set(tmp_path: Path) -> None:
    name = put(tmp_path, gzip.compress(PLAIN.encode() * 100), "a.csv.gz")
    with pytest.raises(LimitError, match="max_unpacked_bytes = 500"):
        read_raw_lines([name], SourceOptions(max_unpacked_bytes=500))


def test_f18_all_members_of_a_gzip_are_read(tmp_path: Path) -> None:
    two = gzip.compress(PLAIN.encode()) + gzip.compress(b"2,2011-02-01,1,cup\n")
    assert read_raw_lines([put(tmp_path, two, "a.csv.gz")]).frame.height == 2


@pytest.mark.parametrize("kind", [pytest.param(k, id=f"F19-{k}") for k in MAGIC])
def test_another_kind_of_file_is_named_for_what_it_is(kind: str, tmp_path: Path) -> None:
    content = MAGIC[kind] + b"\x00" * 64
    if kind == "xlsx":
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("xl/workbook.xml", "<workbook/>")
        content = (tmp_path / "a.zip").read_bytes()
    with pytest.raises(UnreadableFileError, match="it is") as caught:
        read_raw_lines([put(tmp_path, content)])
    named = {"elf": "program", "png": "picture", "pdf": "PDF", "xlsx": "Excel"}
    assert named.get(kind, kind).casefold() in str(caught.value).casefold()


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        pytest.param(("a.csv", "b.csv"), "holds 2 files", id="F21-several"),
        pytest.param(("../x.csv",), "leads out of itself", id="F21-parent"),
        pytest.param(("/etc/x.csv",), "leads out of itself", id="F21-absolute"),
    ],
)
def test_an_odd_zip_is_refused(members: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for member in members:
            archive.writestr(member, PLAIN)
    with pytest.raises(UnreadableFileError, match=reason):
        read_raw_lines([str(tmp_path / "a.zip")])


def test_f21_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("x.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnreadableFileError, match="holds a link"):
        read_raw_lines([str(tmp_path / "a.zip")])


def test_f22_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    names = ["/dev/zero", str(tmp_path / "fifo")]
    with socket.socket(socket.AF_UNIX) as door:
        names.append(str(tmp_path / "s"))
        door.bind(names[-1])
        for name in names:
            with pytest.raises(SourceError, match="not a regular file"):
                read_raw_lines([name])


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only on Linux")
def test_f22_the_memory_of_a_process_is_no_table() -> None:
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        read_raw_lines(["/proc/self/mem"])


def test_f23_a_stream_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="standard input") as caught:
        read_raw_lines(["-"])
    assert "file" in caught.value.fix


def test_f24_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = Path(put(tmp_path, PLAIN))

    def read_while_it_grows() -> None:
        with open_unchanged(path, SourceOptions()) as stream:
            stream.read()
            path.write_text(PLAIN + PLAIN)

    with pytest.raises(UnreadableFileError, match="changed while it was read"):
        read_while_it_grows()


def test_f25_a_link_is_followed_and_noted(tmp_path: Path) -> None:
    real = put(tmp_path, PLAIN, "real.csv")
    (tmp_path / "link.csv").symlink_to(real)
    raw = read_raw_lines([str(tmp_path / "link.csv")])
    assert found(raw)["resolved"] == real


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("two words.csv", id="F26-space"),
        pytest.param("🍵.csv", id="F26-emoji"),
        pytest.param("a\nb.csv", id="F26-newline"),
        pytest.param("-x.csv", id="F26-hyphen"),
        pytest.param("x" * 251 + ".csv", id="F26-long"),
        pytest.param(os.fsdecode(b"\xff.csv"), id="F26-bytes"),
    ],
)
def test_a_file_may_have_any_name(name: str, tmp_path: Path) -> None:
    assert read_raw_lines([put(tmp_path, PLAIN, name)]).frame.height == 1
    bad = put(tmp_path, "", name)
    with pytest.raises(UnreadableFileError) as caught:
        read_raw_lines([bad])
    assert "\n" not in str(caught.value)
    str(caught.value).encode()


def test_f27_a_file_given_twice_is_noted(tmp_path: Path) -> None:
    first = put(tmp_path, PLAIN, "a.csv")
    raw = read_raw_lines([first, put(tmp_path, PLAIN, "b.csv")])
    assert raw.files[1].detected.shown()["same_bytes_as"] == first


def test_f28_a_glob_without_match_is_refused_and_many_files_are_read(
    tmp_path: Path,
) -> None:
    with pytest.raises(FileMissingError):
        read_raw_lines([str(tmp_path / "*.csv")])
    for i in range(300):
        put(tmp_path, PLAIN, f"{i:03}.csv")
    before = open_files()
    assert read_raw_lines([str(tmp_path / "*.csv")]).frame.height == 300
    assert open_files() <= before + 2


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.mark.parametrize("scheme", [pytest.param(s, id=f"F29-{s}") for s in ("http", "s3", "file")])
def test_an_address_is_refused(scheme: str) -> None:
    with pytest.raises(UsageError, match="only local files") as caught:
        read_raw_lines([f"{scheme}://shop.example/a.csv"])
    assert caught.value.exit_code == 2


def test_f30_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as stream:
        stream.truncate((64 << 30) + 1)  # a hole: no disk is used
    began = time.monotonic()
    with pytest.raises(LimitError, match="max_file_bytes"):
        read_raw_lines([str(path)])
    assert time.monotonic() - began < 2
    assert threading.active_count() < 50


def test_every_refusal_has_a_code_an_exit_and_a_fix(tmp_path: Path) -> None:
    for content in (b"", b"\x7fELF", b"<html>", b"a\nb\n"):
        with pytest.raises(SegpredictError) as caught:
            read_raw_lines([put(tmp_path, content)])
        facts = caught.value.to_dict()
        assert facts["fix"]
        assert facts["file"]
        assert facts["exit"] == 4
