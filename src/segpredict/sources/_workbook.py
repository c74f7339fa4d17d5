"""Look into a workbook before it is opened: bombs, traps, locks and what cells hide."""

import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO

from segpredict.errors import UnreadableFileError, shown
from segpredict.sources._layout import Layout
from segpredict.sources._unpack import FLOOR, PIECE, ZIP, bound, refuse_odd_names

OLE = b"\xd0\xcf\x11\xe0"
LOCKED = "EncryptedPackage".encode("utf-16-le")
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
UNSTORED = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)'
    rb"(?:<v */>|<v></v>)?</c>"
)
HIDDEN = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
MARGIN = 4096  # bytes that two pieces share, so that no cell falls between them


ZEROS = re.compile(rb'<numFmt [^>]*?numFmtId="(\d+)"[^>]*?formatCode="(0{2,})"')
CELL_STYLES = re.compile(rb"<cellXfs.*?</cellXfs>", re.DOTALL)
STYLE = re.compile(rb'<xf [^>]*?numFmtId="(\d+)"')
NUMBER = re.compile(rb'<c r="([A-Z]+[0-9]+)" s="(\d+)"(?: t="n")?><v>(\d+)</v>')
STYLES = "xl/styles.xml"


@dataclass
class _Seen:
    """What was met while a workbook was walked through."""

    zeros: dict[bytes, int] = field(default_factory=dict)
    padded: list[tuple[str, str]] = field(default_factory=list)
    hidden: int = 0
    unstored: list[str] = field(default_factory=list)
    is_1904: bool = False


def scan(stream: IO[bytes], file: str, layout: Layout) -> dict[str, str]:
    """Walk through a workbook, unpacking it piece by piece, and return what it hides.

    Raises
    ------
    UnreadableFileError
        When it is locked, damaged, or holds what no workbook needs.
    LimitError
        When it grows beyond measure.
    """
    start = stream.read(4)
    stream.seek(0)
    if start == OLE:
        if LOCKED in stream.read():
            raise UnreadableFileError(
                file, "it is locked with a password", "save it without one."
            )
        return {"kind": "xls"}
    if start != ZIP:
        raise UnreadableFileError(
            file, "it is no workbook", "name its kind in source.format."
        )
    try:
        seen = _walk(stream, file, layout)
    except DAMAGE as error:
        raise UnreadableFileError(
            file, f"its workbook is damaged ({error})", "copy it again."
        ) from None
    return _facts(seen, file)


def _walk(stream: IO[bytes], file: str, layout: Layout) -> _Seen:
    seen = _Seen()
    size = 0
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        refuse_odd_names([entry.filename for entry in entries], file)
        packed = sum(entry.compress_size for entry in entries)
        if STYLES in archive.namelist():
            with archive.open(STYLES) as styles:
                seen.zeros = _zeros(styles.read(FLOOR))
        for entry in entries:
            with archive.open(entry) as part:
                rest = b""
                while piece := part.read(PIECE):
                    size += len(piece)
                    bound(size, packed, file, layout)
                    _look(entry.filename, rest, piece, seen, file)
                    rest = piece[-MARGIN:]
    return seen


def _zeros(styles: bytes) -> dict[bytes, int]:
    """Return which styles fill a number up with zeros, and to how many digits."""
    formats = {number: len(zeros) for number, zeros in ZEROS.findall(styles)}
    section = CELL_STYLES.search(styles)
    numbers = STYLE.findall(section[0]) if section else []
    return {
        str(i).encode(): formats[number]
        for i, number in enumerate(numbers)
        if number in formats
    }


def _look(name: str, rest: bytes, piece: bytes, seen: _Seen, file: str) -> None:
    whole = rest + piece
    if DECLARED.search(whole) and name.endswith((".xml", ".rels")):
        raise UnreadableFileError(
            file,
            f"{shown(name)} declares entities, as an XML bomb does",
            "do not trust it.",
        )
    if name == "xl/workbook.xml":
        seen.is_1904 |= b'date1904="1"' in whole or b'date1904="true"' in whole
    if SHEET.fullmatch(name):
        new = len(rest)
        seen.hidden += sum(m.end() > new for m in HIDDEN.finditer(whole))
        cells = (m for m in UNSTORED.finditer(whole) if m.end() > new)
        seen.unstored += [m[1].decode() for m in cells]
        numbers = NUMBER.finditer(whole) if seen.zeros else iter(())
        seen.padded += [
            (m[1].decode(), m[3].decode().zfill(seen.zeros[m[2]]))
            for m in numbers
            if m.end() > new and len(m[3]) < seen.zeros.get(m[2], 0)
        ]


def _facts(seen: _Seen, file: str) -> dict[str, str]:
    if seen.unstored:
        raise UnreadableFileError(
            file,
            f"{len(seen.unstored)} formulas have no stored value; the first is in cell "
            f"{seen.unstored[0]}",
            "open it in a spreadsheet program and save it there.",
            row=int(re.sub(r"\D", "", seen.unstored[0])),
            column=re.sub(r"\d", "", seen.unstored[0]),
            value=seen.unstored[0],
        )
    if seen.padded:
        place, text = seen.padded[0]
        raise UnreadableFileError(
            file,
            f"{len(seen.padded)} cells hold numbers that are shown with leading zeros; "
            f"the first is {place}, shown as {shown(text)}",
            "make that column text, or export the sheet as CSV, which keeps the zeros.",
            row=int(re.sub(r"\D", "", place)),
            column=re.sub(r"\d", "", place),
            value=text,
        )
    facts = {"dates_from": "1904"} if seen.is_1904 else {}
    if seen.hidden:
        facts["hidden_rows"] = f"{seen.hidden}, read like the others"
    return facts
