"""From a file to its text in UTF-8: what it is by its magic, unpacked, and by which codec.

A codec is marked, proven or refused.
"""

import codecs
import gzip
import hashlib
import io
import os
import re
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
PACKED_ENDINGS = {"gzip": (".gz", ".gzip"), "zstd": (".zst",), "zip": (".zip",)}
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
DUCKDB = ("a DuckDB database", "set source.format = 'duckdb'.")
MARKUP_STARTS = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")
JSON_STARTS = (b"{", b"[{", b"[[", b"[\n", b"[\r", b"[ ")
BYTE_ORDER_MARKS = {
    **dict.fromkeys((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), "utf-32"),
    **dict.fromkeys((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-16"),
    codecs.BOM_UTF8: "utf-8",
}
LINE_BREAK = re.compile(rb"\r\n?|\n")
ASCII_TO_SPACE = bytes(code if code > 127 else ord(" ") for code in range(256))
VALID_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
BROKEN_UTF8 = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
FOREIGN_BYTES = re.compile(rb"[\xc0-\xff]{4,}")  # no word of western Europe has such a run


def unpack_file(path: Path, layout: SourceOptions) -> tuple[bytes, dict[str, str], str]:
    """Return a file's content, what it was packed in, and the hash of the bytes that were read."""
    with open_unchanged(path, layout) as stream:
        content = packed = stream.read()
    found: dict[str, str] = {}
    for magic, packing in ((GZIP, "gzip"), (ZSTD, "zstd"), (ZIP, "zip")):
        if packed.startswith(magic):
            found["packing"] = packing
            if not path.name.lower().endswith(PACKED_ENDINGS[packing]):
                found["misnamed"] = f"{packing} by its first bytes, not by its name"
            content = _read_packed(io.BytesIO(packed), packing, str(path), layout)
    refuse_foreign(content, str(path))
    return content, found, hashlib.sha256(packed).hexdigest()


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
        stat = path.stat()
        rights = f"owner {stat.st_uid}, mode {stat.st_mode & 0o777:o}"
        raise UnreadableFileError(
            str(path), f"it may not be read ({rights})", "change its rights."
        ) from None
    except OSError as error:
        raise UnreadableFileError(
            str(path), error.strerror or "the disk fails", "copy it to a sound disk."
        ) from None
    if _state(before) != _state(after):
        raise changed_file_error(str(path))


def changed_file_error(file: str) -> UnreadableFileError:
    """Return the error of a file that is not any more what was read of it.

    >>> changed_file_error("sales.csv").fix
    'wait until it is written whole.'
    """
    return UnreadableFileError(
        file, "it changed while it was read", "wait until it is written whole."
    )


def refuse_side_file(path: Path, endings: Sequence[str]) -> None:
    """Refuse a database some of whose rows stand in a second file, of which no hash is taken."""
    for ending in endings:
        beside = path.with_name(path.name + ending)
        if beside.is_file() and beside.stat().st_size:
            reason = (
                f"a program writes to it: {quote_value(beside.name)} holds changes that are not "
                "in it yet"
            )
            raise UnreadableFileError(str(path), reason, "close that program, or export a copy.")


def _state(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _read_packed(stream: IO[bytes], packing: str, file: str, layout: SourceOptions) -> bytes:
    """Return what comes out, piece by piece, and stop when it is too much."""
    rows, size, pieces = 0, 0, []
    try:
        plain = _open_packed(stream, packing, file)
        while piece := plain.read(CHUNK_BYTES):
            size += len(piece)
            refuse_bomb(size, stream.tell(), file, layout)
            pieces.append(piece)
            rows += piece.count(b"\n")
    except (OSError, EOFError, zlib.error, RuntimeError, ValueError) as error:
        if isinstance(error, RuntimeError) and "password" in str(error):
            name = str(error).split("'")[1]
            raise UnreadableFileError(
                name, "it is locked with a password", "unpack it first."
            ) from None
        raise UnreadableFileError(
            file, f"its {packing} is damaged after row {rows}", "copy it again."
        ) from None
    except zipfile.BadZipFile:
        raise UnreadableFileError(file, "its zip is damaged", "copy it again.") from None
    return b"".join(pieces)


def _open_packed(stream: IO[bytes], packing: str, file: str) -> IO[bytes]:
    if packing == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if packing == "zstd":
        return cast("IO[bytes]", pa.CompressedInputStream(stream, "zstd"))
    archive = zipfile.ZipFile(stream)
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    names = [entry.filename for entry in entries]
    refuse_unsafe_names(names, file)
    if "[Content_Types].xml" in names:
        raise UnreadableFileError(file, "it is an Excel workbook", "set source.format = 'excel'.")
    visible = [e for e in entries if not e.filename.startswith("__MACOSX/")]
    if len(visible) != 1:
        listed = ", ".join(quote_value(entry.filename) for entry in visible[:5])
        reason = f"this zip holds {len(visible)} files ({listed}) and one was expected"
        raise UnreadableFileError(file, reason, "unpack it and name the files.")
    if visible[0].external_attr >> 28 == 0xA:
        raise UnreadableFileError(file, "its zip holds a link", "pack the file itself.")
    return archive.open(visible[0])


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


def refuse_foreign(content: bytes, file: str) -> None:
    """Refuse what is no text, or a text that is no table."""
    start = content[:4096]
    foreign = next((FOREIGN_FORMATS[m] for m in FOREIGN_FORMATS if start.startswith(m)), None)
    foreign = DUCKDB if start[8:12] == b"DUCK" else foreign
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if foreign is not None:
        reason, fix = f"it is {foreign[0]}, not text", foreign[1]
    elif not content:
        reason, fix = "it is empty", "export it again."
    elif not (start.strip(b"\x00") or content.strip(b"\x00")):
        reason, fix = "it is a binary file of NUL bytes, not a table", "copy it again."
    elif not (start.strip() or content.strip()):
        reason, fix = "it is empty: no header", "export it again."
    elif text.startswith(MARKUP_STARTS):
        reason = "it looks like HTML or XML (a login or an error page?)"
        fix = "download it again as CSV."
    elif text.startswith(JSON_STARTS):
        reason, fix = "it looks like JSON", "export it as CSV."
    else:
        return
    raise UnreadableFileError(file, reason, fix)


def decode_to_utf8(content: bytes, encoding: str | None, file: str) -> tuple[bytes, dict[str, str]]:
    """Return the content in UTF-8 without a mark, and the codec that read it."""
    if encoding:
        return _by_name(content, encoding, file), {"encoding": encoding}
    marked = next((BYTE_ORDER_MARKS[m] for m in BYTE_ORDER_MARKS if content.startswith(m)), "")
    if marked and marked != "utf-8":
        return _by_name(content, marked, file), {"encoding": marked}
    refuse_unmarked_wide(content, file)
    bare = content.removeprefix(codecs.BOM_UTF8)
    try:
        _ = bare.isascii() or bare.decode()
    except UnicodeDecodeError as error:
        if marked:
            raise _invalid(bare, error.start, file, "though it starts with a UTF-8 mark") from None
        return _western(bare, error.start, file)
    return bare, {"encoding": "utf-8"}


def _by_name(content: bytes, encoding: str, file: str) -> bytes:
    try:
        text = content.decode(encoding)
    except LookupError:
        fix = "set source.encoding to one such as utf-8, cp1252 or utf-16."
        raise UnreadableFileError(file, f"there is no codec {quote_value(encoding)}", fix) from None
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        row = 1 + count_lines(content, 0, start)
        reason = f"byte {start} is not {encoding}"
        raise UnreadableFileError(
            file, reason, "set source.encoding to the codec it was written in.", row=row
        ) from None
    return text.removeprefix("\ufeff").encode()


def refuse_unmarked_wide(content: bytes, file: str) -> None:
    start = content[:4096]
    for codec, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros = start[at::2]
        if len(zeros) > 3 and zeros.count(0) > 0.8 * len(zeros):
            reason = f"every other byte is NUL: it may be {codec} without a mark"
            raise UnreadableFileError(file, reason, f"set source.encoding = '{codec}'.")


def _western(content: bytes, first: int, file: str) -> tuple[bytes, dict[str, str]]:
    """Read as cp1252 what is no UTF-8, if nothing in it speaks against that."""
    # The bytes above ASCII, with one space where ASCII stood between.
    high = b" ".join(content.translate(ASCII_TO_SPACE).split())
    if BROKEN_UTF8.search(high) or VALID_UTF8.search(high):
        raise _invalid(content, first, file, "while other bytes are")
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _invalid(content, error.start, file, "nor is it cp1252") from None
    row, _, line = _line(content, first)
    run = FOREIGN_BYTES.search(high)
    if run:
        word = run[0][:16]
        reason = (
            "it is no UTF-8, and more than one codec fits: cp1252 reads "
            f"{quote_value(word.decode('cp1252'))}, cp1251 reads "
            f"{quote_value(word.decode('cp1251', 'replace'))}"
        )
        fix = "say which: source.encoding = 'cp1252' or 'cp1251' or another."
        raise UnreadableFileError(file, reason, fix, row=row)
    sample = quote_value(line.decode("cp1252", "replace"))
    found = {"encoding": "cp1252", "first_row_not_utf8": f"{row}: {sample}"}
    return text.encode(), found


def count_lines(content: bytes, start: int, end: int) -> int:
    """Return how many lines end in ``[start, end)``, whatever ends them."""
    ends = content.count(b"\n", start, end) + content.count(b"\r", start, end)
    return ends - content.count(b"\r\n", start, end)


def _line(content: bytes, at: int) -> tuple[int, int, bytes]:
    """Return the row of a byte, where its line starts, and the line."""
    start = 1 + max(content.rfind(b"\n", 0, at), content.rfind(b"\r", 0, at))
    after = LINE_BREAK.search(content, at)
    line = content[start : after.start() if after else None]
    return 1 + count_lines(content, 0, start), start, line


def _invalid(content: bytes, at: int, file: str, why: str) -> UnreadableFileError:
    row, start, line = _line(content, at)
    # The name of the column, as far as it can be known.
    header = LINE_BREAK.split(content[: 1 << 16], maxsplit=1)[0]
    separator = max((b",", b";", b"\t", b"|"), key=header.count)
    number = content[start:at].count(separator)
    names = header.decode(errors="replace").split(separator.decode())
    column = names[number].strip() if number < len(names) else str(number + 1)
    reason = f"byte {at} (0x{content[at]:02X}, in column {column}) is not UTF-8, {why}"
    fix = "correct that cell, or set source.encoding to the codec of the file."
    return UnreadableFileError(
        file, reason, fix, row=row, column=column, value=line.decode(errors="backslashreplace")[:80]
    )
