"""Excel and OpenDocument workbooks: one sheet, ids and all else as text.

A cell is read as it is shown where that is text; a number or a date as its value, and a
formula as the value that was stored with it. Macros are never run.
"""

import hashlib
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import fastexcel
import polars as pl

from segpredict.config.source import SourceOptions, normalize_name
from segpredict.data.readers._columns import count_recognised
from segpredict.data.readers._header import unique_column_names
from segpredict.data.readers._reader import (
    FileReader,
    RejectedRecord,
    SourceTable,
    translate_read_errors,
)
from segpredict.data.readers._unpack import (
    CHUNK_BYTES,
    RATIO_FREE_BYTES,
    ZIP,
    open_unchanged,
    refuse_bomb,
    refuse_unsafe_names,
)
from segpredict.errors import SourceError, UnreadableFileError, quote_value

OLE_MAGIC = b"\xd0\xcf\x11\xe0"
ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
SHEET_PATTERN = re.compile(r"xl/worksheets/[^/]+\.xml")
DOCTYPE_PATTERN = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
FORMULA_WITHOUT_VALUE = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)'
    rb"(?:<v */>|<v></v>)?</c>"
)
HIDDEN_ROW = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
CHUNK_OVERLAP = 4096  # bytes that two pieces share, so that no cell falls between them


ZERO_FORMAT_PATTERN = re.compile(rb'<numFmt [^>]*?numFmtId="(\d+)"[^>]*?formatCode="(0{2,})"')
CELL_STYLES = re.compile(rb"<cellXfs.*?</cellXfs>", re.DOTALL)
STYLE_PATTERN = re.compile(rb'<xf [^>]*?numFmtId="(\d+)"')
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


def scan_workbook(stream: IO[bytes], file: str, layout: SourceOptions) -> dict[str, str]:
    """Walk through a workbook, unpacking it piece by piece, and return what it hides."""
    start = stream.read(4)
    stream.seek(0)
    if start == OLE_MAGIC:
        if ENCRYPTED_MARK in stream.read():
            raise UnreadableFileError(file, "it is locked with a password", "save it without one.")
        return {"kind": "xls"}
    if start != ZIP:
        raise UnreadableFileError(file, "it is no workbook", "name its kind in source.format.")
    try:
        seen = _walk(stream, file, layout)
    except DAMAGE as error:
        raise UnreadableFileError(
            file, f"its workbook is damaged ({error})", "copy it again."
        ) from None
    return _facts(seen, file)


def _walk(stream: IO[bytes], file: str, layout: SourceOptions) -> _Seen:
    seen = _Seen()
    size = 0
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        refuse_unsafe_names([entry.filename for entry in entries], file)
        packed = sum(entry.compress_size for entry in entries)
        if STYLES in archive.namelist():
            with archive.open(STYLES) as styles:
                seen.zeros = _zeros(styles.read(RATIO_FREE_BYTES))
        for entry in entries:
            with archive.open(entry) as part:
                rest = b""
                while piece := part.read(CHUNK_BYTES):
                    size += len(piece)
                    refuse_bomb(size, packed, file, layout)
                    _look(entry.filename, rest, piece, seen, file)
                    rest = piece[-CHUNK_OVERLAP:]
    return seen


def _zeros(styles: bytes) -> dict[bytes, int]:
    """Return which styles fill a number up with zeros, and to how many digits."""
    formats = {number: len(zeros) for number, zeros in ZERO_FORMAT_PATTERN.findall(styles)}
    section = CELL_STYLES.search(styles)
    numbers = STYLE_PATTERN.findall(section[0]) if section else []
    return {
        str(i).encode(): formats[number] for i, number in enumerate(numbers) if number in formats
    }


def _look(name: str, rest: bytes, piece: bytes, seen: _Seen, file: str) -> None:
    whole = rest + piece
    if DOCTYPE_PATTERN.search(whole) and name.endswith((".xml", ".rels")):
        raise UnreadableFileError(
            file,
            f"{quote_value(name)} declares entities, as an XML bomb does",
            "do not trust it.",
        )
    if name == "xl/workbook.xml":
        seen.is_1904 |= b'date1904="1"' in whole or b'date1904="true"' in whole
    if SHEET_PATTERN.fullmatch(name):
        new = len(rest)
        seen.hidden += sum(m.end() > new for m in HIDDEN_ROW.finditer(whole))
        cells = (m for m in FORMULA_WITHOUT_VALUE.finditer(whole) if m.end() > new)
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
            f"the first is {place}, shown as {quote_value(text)}",
            "make that column text, or export the sheet as CSV, which keeps the zeros.",
            row=int(re.sub(r"\D", "", place)),
            column=re.sub(r"\d", "", place),
            value=text,
        )
    facts = {"dates_from": "1904"} if seen.is_1904 else {}
    if seen.hidden:
        facts["hidden_rows"] = f"{seen.hidden}, read like the others"
    return facts


MAX_HEADER_ROW = 20  # rows among which the header is looked for
SHEET_ROW_LIMIT = 1_048_576  # rows that a sheet can hold
ALL_SHEETS = "*"
FIRST_TABLE_ROW = 2  # roles that a sheet names at least, or it is a cover or somebody's notes
ERROR_PATTERN = re.compile(r"Error\((\w+)\)")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as text: its rows as a person counts them, and cells that hold errors."""

    name: str
    cells: pl.DataFrame
    errors: tuple[tuple[int, int, str], ...]


def _read(path: Path, layout: SourceOptions) -> SourceTable:
    file = str(path)
    with open_unchanged(path, layout) as stream:
        content = stream.read()
    facts = scan_workbook(io.BytesIO(content), file, layout)
    with translate_read_errors(file, "a sound workbook", fastexcel.FastExcelError, ValueError):
        workbook = fastexcel.read_excel(content)
        sheets = [_load(workbook, name) for name in workbook.sheet_names]
    chosen = _choose([sheet for sheet in sheets if sheet.cells.height], layout, file)
    tables = [_table(sheet, layout, file) for sheet in chosen]
    names = [sheet.name for sheet in chosen]
    whole = _joined(tables, names, file)
    left = [s.name for s in sheets if s.cells.height and s.name not in names]
    if layout.sheet == ALL_SHEETS:
        facts["sheets"] = "all of one header"
        if left:
            facts["sheets_left_out"] = ", ".join(left)
    found = {"format": "excel", **facts, **whole.detected}
    return replace(whole, sha256=hashlib.sha256(content).hexdigest(), detected=found)


def _load(workbook: fastexcel.ExcelReader, name: str) -> _Sheet:
    sheet = workbook.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    batch, wrong = sheet.to_arrow_with_errors() if sheet.height else (None, None)
    if batch is None:
        return _Sheet(name, pl.DataFrame(), ())
    cells = pl.DataFrame(batch)
    cells = cells.rename({old: str(i) for i, old in enumerate(cells.columns)})
    errors = [(*e.position, e.detail) for e in wrong.errors] if wrong else []
    return _Sheet(name, cells, tuple(errors))


def _choose(sheets: Sequence[_Sheet], layout: SourceOptions, file: str) -> list[_Sheet]:
    listed = ", ".join(quote_value(sheet.name) for sheet in sheets)
    if not sheets:
        raise UnreadableFileError(file, "it is empty", "export it again.")
    if layout.sheet == ALL_SHEETS:
        tables = [sheet for sheet in sheets if _roles(sheet, layout) >= FIRST_TABLE_ROW]
        return tables or list(sheets)
    if layout.sheet is not None:
        named = [sheet for sheet in sheets if sheet.name == layout.sheet]
        if not named:
            raise SourceError(
                f"{quote_value(file)} has no filled sheet {quote_value(layout.sheet)}; "
                f"it has {listed}.",
                fix="set source.sheet to one of them.",
                file=file,
            )
        return named
    if len(sheets) > 1:
        raise SourceError(
            f"{quote_value(file)} has {len(sheets)} filled sheets: {listed}.",
            fix="say which: --set source.sheet=NAME, or '*' for all with one header.",
            file=file,
        )
    return list(sheets)


def _table(sheet: _Sheet, layout: SourceOptions, file: str) -> SourceTable:
    at = _header_row(sheet.cells, layout)
    cells = [cell or "" for cell in sheet.cells.row(at)]
    names = unique_column_names(layout.column_names or cells, f"{file}[{sheet.name}]")
    below = sheet.cells.slice(at + 1)
    frame = below.rename(dict(zip(below.columns, names, strict=True)))
    rows = pl.int_range(at + 2, at + 2 + frame.height, dtype=pl.Int64, eager=True)
    rejects = [_reject(*error, names, sheet.name) for error in sheet.errors]
    rejects = [reject for reject in rejects if reject.row > at + 1]
    is_row = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    is_row &= ~rows.is_in([reject.row for reject in rejects])
    found = {"sheet": sheet.name, "header_row": str(at + 1)}
    if sheet.cells.height >= SHEET_ROW_LIMIT:
        found["full_sheet"] = "its last row is used: the data were probably cut off"
    once = {reject.row: reject for reject in reversed(rejects)}
    sorted_out = tuple(once[row] for row in sorted(once))
    return SourceTable(
        frame.filter(is_row), rows.filter(is_row).rename("row"), "", found, sorted_out
    )


def _roles(sheet: _Sheet, layout: SourceOptions) -> int:
    """Return how many roles the header of a sheet names."""
    if layout.column_names:
        return count_recognised(layout.column_names, layout)
    header = sheet.cells.row(_header_row(sheet.cells, layout))
    return count_recognised([cell for cell in header if cell], layout)


def _header_row(cells: pl.DataFrame, layout: SourceOptions) -> int:
    """Return the row, from 0, whose cells name the most roles."""
    if layout.header_row:
        return min(layout.header_row, cells.height) - 1
    rows = [[cell or "" for cell in cells.row(i)] for i in range(min(MAX_HEADER_ROW, cells.height))]
    recognised = [count_recognised([cell for cell in row if cell], layout) for row in rows]
    if max(recognised):
        return recognised.index(max(recognised))
    filled = (i for i, row in enumerate(rows) if sum(map(bool, row)) > 1)
    return next(filled, 0)


def _reject(row: int, column: int, detail: str, names: Sequence[str], sheet: str) -> RejectedRecord:
    kind = ERROR_PATTERN.search(detail)
    value = f"#{kind[1].upper()}!" if kind else detail
    fix = "correct the formula, or rerun with --on-bad-rows quarantine."
    return RejectedRecord(row + 1, names[column], value, f"is an error in sheet {sheet}", fix)


def _joined(tables: Sequence[SourceTable], names: Sequence[str], file: str) -> SourceTable:
    first = tables[0]
    for name, table in zip(names, tables, strict=True):
        if [normalize_name(c) for c in table.frame.columns] != [
            normalize_name(c) for c in first.frame.columns
        ]:
            raise SourceError(
                f"Sheet {quote_value(name)} of {quote_value(file)} has other columns than "
                f"{quote_value(names[0])}.",
                fix="say which sheet to read: --set source.sheet=NAME.",
                file=file,
            )
    if len(tables) == 1:
        return first
    found: Mapping[str, str] = {**first.detected, "sheet": ", ".join(names)}
    return SourceTable(
        pl.concat([t.frame.rename(_like(t, first)) for t in tables]),
        pl.concat([table.rows for table in tables]),
        "",
        found,
        tuple(reject for table in tables for reject in table.rejects),
    )


def _like(table: SourceTable, first: SourceTable) -> dict[str, str]:
    return dict(zip(table.frame.columns, first.frame.columns, strict=True))


PART = FileReader("excel", (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), _read)
