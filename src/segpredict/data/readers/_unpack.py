"""From a file to the bytes of its text: what it is by its magic, and unpacked."""

import gzip
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from segpredict.config.source import SourceOptions
from segpredict.errors import LimitError, UnreadableFileError, quote_value

MAX_RATIO = 200  # how many times larger than packed a file may be …
RATIO_FREE_BYTES = 64 << 20  # … once it is larger than this: small tables may well be repetitive
CHUNK_BYTES = 1 << 20  # bytes that are unpacked at a time
GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
FOREIGN_FORMATS = {
    b"\x89PNG": ("a picture", "export the table as CSV."),
    b"\xff\xd8\xff": ("a picture", "export the table as CSV."),
    b"%PDF": ("a PDF document", "export the table as CSV."),
    b"\x7fELF": ("a program", "name the file that holds the table."),
    b"MZ\x90": ("a program", "name the file that holds the table."),
    b"SQLite format 3": ("an SQLite database", "set source.format = 'sqlite'."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "set source.format = 'excel'."),
    b"PAR1": ("Parquet", "set source.format = 'parquet'."),
    b"BZh": ("packed with bzip2", "unpack it first."),
    b"\xfd7zXZ": ("packed with xz", "unpack it first."),
    b"7z\xbc\xaf": ("packed with 7-Zip", "unpack it first."),
}


def unpack_file(path: Path, layout: SourceOptions) -> tuple[bytes, dict[str, str], str]:
    """Return a file's content, what it was packed in, and the hash of the bytes that were read."""
    with open_unchanged(path, layout) as stream:
        packed = stream.read()
    content, packing = _inflated(io.BytesIO(packed), path, layout)
    _check(content, str(path))
    return content, packing, hashlib.sha256(packed).hexdigest()


@contextmanager
def open_unchanged(path: Path, layout: SourceOptions) -> Iterator[IO[bytes]]:
    """Open a file, and check that it does not change in the meantime."""
    try:
        with path.open("rb") as stream:
            before = os.fstat(stream.fileno())
            if before.st_size > layout.max_file_bytes:
                raise LimitError(
                    f"{quote_value(path)} has {before.st_size} bytes, more than "
                    f"source.max_file_bytes = {layout.max_file_bytes}.",
                    fix="raise source.max_file_bytes, or split the file.",
                    file=str(path),
                )
            yield stream
            after = path.stat()
    except PermissionError:
        raise UnreadableFileError(
            str(path), f"it may not be read ({_rights(path)})", "change its rights."
        ) from None
    except OSError as error:
        raise UnreadableFileError(
            str(path), error.strerror or "the disk fails", "copy it to a sound disk."
        ) from None
    if _state(before) != _state(after):
        raise changed_file_error(str(path))


def changed_file_error(file: str) -> UnreadableFileError:
    """Return the error of a file that is not any more what was read of it."""
    return UnreadableFileError(
        file, "it changed while it was read", "wait until it is written whole."
    )


def refuse_side_file(path: Path, endings: Sequence[str]) -> None:
    """Refuse a database some of whose rows stand in a second file, of which no hash is taken."""
    for ending in endings:
        beside = path.with_name(path.name + ending)
        if beside.is_file() and beside.stat().st_size:
            raise UnreadableFileError(
                str(path),
                f"a program writes to it: {quote_value(beside.name)} holds changes that are not "
                "in it yet",
                "close that program, or export a copy.",
            )


def _state(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _rights(path: Path) -> str:
    stat = path.stat()
    return f"owner {stat.st_uid}, mode {stat.st_mode & 0o777:o}"


def _inflated(stream: IO[bytes], path: Path, layout: SourceOptions) -> tuple[bytes, dict[str, str]]:
    magic = stream.read(4)
    stream.seek(0)
    for signature, packing in ((GZIP, "gzip"), (ZSTD, "zstd"), (ZIP, "zip")):
        if magic.startswith(signature):
            content = _read_packed(stream, packing, path, layout)
            return content, {"packing": packing, **_misnamed(path, packing)}
    return stream.read(), {}


def _misnamed(path: Path, packing: str) -> dict[str, str]:
    endings = {"gzip": (".gz", ".gzip"), "zstd": (".zst",), "zip": (".zip",)}
    if path.name.lower().endswith(endings[packing]):
        return {}
    return {"misnamed": f"{packing} by its first bytes, not by its name"}


def _read_packed(stream: IO[bytes], packing: str, path: Path, layout: SourceOptions) -> bytes:
    file = str(path)
    got = 0
    try:
        if packing == "zip":
            return _unzipped(stream, file, layout)
        plain: IO[bytes] = (
            cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
            if packing == "gzip"
            else cast("IO[bytes]", pa.CompressedInputStream(stream, "zstd"))
        )
        pieces = []
        for piece in _pieces(plain, stream, file, layout):
            pieces.append(piece)
            got += piece.count(b"\n")
        return b"".join(pieces)
    except (OSError, EOFError, zlib.error, RuntimeError, ValueError) as error:
        _pass_on(error)
        raise UnreadableFileError(
            file, f"its {packing} is damaged after row {got}", "copy it again."
        ) from None
    except zipfile.BadZipFile:
        raise UnreadableFileError(file, "its zip is damaged", "copy it again.") from None


def _pass_on(error: Exception) -> None:
    if isinstance(error, RuntimeError) and "password" in str(error):
        raise UnreadableFileError(
            str(error).split("'")[1], "it is locked with a password", "unpack it first."
        ) from None


def _unzipped(stream: IO[bytes], file: str, layout: SourceOptions) -> bytes:
    with zipfile.ZipFile(stream) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        names = [entry.filename for entry in entries]
        refuse_unsafe_names(names, file)
        if "[Content_Types].xml" in names:
            raise UnreadableFileError(
                file, "it is an Excel workbook", "set source.format = 'excel'."
            )
        visible = [e for e in entries if not e.filename.startswith("__MACOSX/")]
        if len(visible) != 1:
            listed = ", ".join(quote_value(entry.filename) for entry in visible[:5])
            raise UnreadableFileError(
                file,
                f"this zip holds {len(visible)} files ({listed}) and one was expected",
                "unpack it and name the files.",
            )
        if visible[0].external_attr >> 28 == 0xA:
            raise UnreadableFileError(file, "its zip holds a link", "pack the file itself.")
        with archive.open(visible[0]) as plain:
            return b"".join(_pieces(plain, stream, file, layout))


def refuse_unsafe_names(names: list[str], file: str) -> None:
    """Refuse a zip whose names lead out of it, or occur twice."""
    for name in names:
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
            raise UnreadableFileError(
                file, f"its zip leads out of itself ({quote_value(name)})", "do not trust it."
            )
    if len(set(names)) < len(names):
        raise UnreadableFileError(file, "its zip holds one name twice", "pack it again.")


def _pieces(
    plain: IO[bytes], packed: IO[bytes], file: str, layout: SourceOptions
) -> Iterator[bytes]:
    """Yield what comes out, piece by piece, and stop when it is too much."""
    size = 0
    while piece := plain.read(CHUNK_BYTES):
        size += len(piece)
        refuse_bomb(size, packed.tell(), file, layout)
        yield piece


def refuse_bomb(size: int, packed: int, file: str, layout: SourceOptions) -> None:
    """Refuse to unpack further when more comes out than any honest table holds."""
    is_bomb = size > RATIO_FREE_BYTES and size > MAX_RATIO * packed
    if size > layout.max_unpacked_bytes or is_bomb:
        raise LimitError(
            f"{quote_value(file)}: {packed} packed bytes grow to more than {size} "
            f"({size // max(packed, 1)} times; source.max_unpacked_bytes = "
            f"{layout.max_unpacked_bytes}, ratio at most {MAX_RATIO}).",
            fix="if you trust it, unpack it yourself and name what comes out.",
            file=file,
        )


def _check(content: bytes, file: str) -> None:
    for magic, (kind, fix) in FOREIGN_FORMATS.items():
        if content.startswith(magic):
            raise UnreadableFileError(file, f"it is {kind}, not text", fix)
    if content[8:12] == b"DUCK":
        raise UnreadableFileError(
            file, "it is a DuckDB database, not text", "set source.format = 'duckdb'."
        )
    if not content:
        raise UnreadableFileError(file, "it is empty", "export it again.")
    start = content[:4096]
    if not (start.strip(b"\x00") or content.strip(b"\x00")):
        raise UnreadableFileError(
            file, "it is a binary file of NUL bytes, not a table", "copy it again."
        )
    if not (start.strip() or content.strip()):
        raise UnreadableFileError(file, "it is empty: no header", "export it again.")
    _check_markup(start.lstrip(b"\xef\xbb\xbf \t\r\n").lower(), file)


def _check_markup(start: bytes, file: str) -> None:
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")):
        raise UnreadableFileError(
            file,
            "it looks like HTML or XML (a login or an error page?)",
            "download it again as CSV.",
        )
    if start.startswith((b"{", b"[{", b"[[", b"[\n", b"[\r", b"[ ")):
        raise UnreadableFileError(file, "it looks like JSON", "export it as CSV.")
