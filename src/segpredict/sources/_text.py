"""From bytes to a text table: packing, coding, and the sign between cells."""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from segpredict.errors import LimitError, UnreadableFileError
from segpredict.sources._layout import WHITESPACE

SEPARATORS = ",;\t|"
LOOKED_AT = 200  # lines that may decide on the separator
INFLATED = 8 << 30  # bytes that a packed file may grow to
STRANGERS = {
    b"\x89PNG": "a picture",
    b"%PDF": "a PDF document",
    b"\x7fELF": "a program",
    b"SQLite format 3": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"PAR1": "Parquet",
}


def unpack(path: Path) -> tuple[bytes, dict[str, str]]:
    """Return a file's content, and what it was packed in.

    Raises
    ------
    UnreadableFileError
        When it is empty, damaged, or not text at all.
    LimitError
        When it grows beyond all measure.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise UnreadableFileError(str(path), reason, "check its rights.") from None
    packing = {}
    if content.startswith(b"\x1f\x8b"):
        content, packing = _gunzip(content, str(path)), {"packing": "gzip"}
    elif content.startswith(b"PK\x03\x04"):
        content, packing = _unzip(content, str(path)), {"packing": "zip"}
    for magic, kind in STRANGERS.items():
        if content.startswith(magic):
            raise UnreadableFileError(str(path), f"it is {kind}", "export it as CSV.")
    if not content.strip(b"\r\n\t \x00"):
        raise UnreadableFileError(str(path), "it is empty", "export it again.")
    return content, packing


def _gunzip(content: bytes, file: str) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            inflated = stream.read(INFLATED + 1)
    except (OSError, EOFError, zlib.error):
        raise UnreadableFileError(
            file, "its gzip is damaged", "copy it again."
        ) from None
    return _bounded(inflated, len(inflated), file)


def _unzip(content: bytes, file: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(inside) != 1 or "/" in inside[0].filename:
                raise UnreadableFileError(
                    file,
                    f"this zip holds {len(inside)} files and one table was expected",
                    "unpack it and name the files.",
                )
            size = inside[0].file_size
            return _bounded(
                b"" if size > INFLATED else archive.read(inside[0]), size, file
            )
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError):
        raise UnreadableFileError(
            file, "its zip is damaged", "copy it again."
        ) from None


def _bounded(content: bytes, size: int, file: str) -> bytes:
    if size > INFLATED:
        raise LimitError(
            f"{file} grows beyond {INFLATED >> 30} GB when unpacked.",
            fix="unpack it yourself and name the parts.",
            file=file,
        )
    return content


def decode(content: bytes, encoding: str | None, file: str) -> tuple[str, str]:
    """Return the text with plain line ends, and the codec that read it.

    Raises
    ------
    UnreadableFileError
        When the codec does not fit, or the text holds NUL signs.
    """
    codecs = [encoding] if encoding else [*_marked(content), "cp1252"]
    for codec in codecs:
        try:
            text = content.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
        if "\x00" in text:
            break
        plain = text.removeprefix("\ufeff")
        if "\r" in plain:
            plain = plain.replace("\r\n", "\n")
            plain = plain if "\n" in plain else plain.replace("\r", "\n")
        return plain, codec
    raise UnreadableFileError(
        file,
        f"it is no text in {' or '.join(codecs)}",
        "export it as UTF-8, or name its codec in source.encoding.",
    )


def _marked(content: bytes) -> list[str]:
    """Return the codec that a byte-order mark names, or UTF-8."""
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return ["utf-16" if is_wide else "utf-8"]


def detect(text: str, file: str) -> str:
    """Return the sign that parts the cells of most lines as it parts the header.

    Raises
    ------
    UnreadableFileError
        When no sign does.
    """
    lines = [line for line in text[: 1 << 20].split("\n") if line.strip()][:LOOKED_AT]
    if lines[0].lstrip().startswith(("<!", "<html", "<HTML", "{", "[")):
        raise UnreadableFileError(file, "it is HTML or JSON", "export it as CSV.")
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines]
    scores = {sign: _fit([line.count(sign) for line in bare]) for sign in SEPARATORS}
    best = max(scores, key=lambda sign: scores[sign])
    if scores[best] > (0.5, 0):
        return best
    if _fit([len(line.split()) - 1 for line in bare]) > (0.9, 0):
        return WHITESPACE
    raise UnreadableFileError(
        file, "no separator parts its lines alike", "name it in source.separator."
    )


def _fit(counts: list[int]) -> tuple[float, int]:
    """Return the share of lines with as many signs as the header, and how many."""
    if counts[0] == 0:
        return 0.0, 0
    return Counter(counts)[counts[0]] / len(counts), counts[0]


def aligned(text: str) -> str:
    """Return aligned text with one tab between its cells."""
    lines = (line.split() for line in text.split("\n"))
    return "\n".join("\t".join(cells) for cells in lines)


def header(text: str, separator: str, file: str) -> list[str]:
    """Return the names in the first line; blank ones get a name of their own.

    Raises
    ------
    UnreadableFileError
        When a name stands twice.
    """
    first = next(csv.reader(io.StringIO(text), delimiter=separator))
    names = [name.strip() or f"column {i}" for i, name in enumerate(first, start=1)]
    twice = sorted(name for name, n in Counter(names).items() if n > 1)
    if twice:
        raise UnreadableFileError(
            file, f"its header has {twice[0]!r} twice", "rename one of the columns."
        )
    return names
