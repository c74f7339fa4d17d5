"""Excel and OpenDocument workbooks: one sheet, ids and all else as text.

A cell is read as it is shown where that is text; a number or a date as its value, and a
formula as the value that was stored with it. Macros are never run.
"""

import hashlib
import io
import json
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from segpredict.config.source import SourceOptions, normalize_name
from segpredict.data.readers import _reader as reader
from segpredict.data.readers import _unpack as unpack
from segpredict.data.readers._columns import count_recognised
from segpredict.data.readers._rows import unique_column_names
from segpredict.data.readers._workbook import is_small, read_sheets_apart
from segpredict.data.readers._workbook_process import read_sheets
from segpredict.errors import SourceError, UnreadableFileError, quote_value

OLE_MAGIC = b"\xd0\xcf\x11\xe0"
ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
STYLES = "xl/styles.xml"
SHEET_PATTERN = re.compile(r"xl/worksheets/[^/]+\.xml")
DOCTYPE_PATTERN = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
FORMULA_WITHOUT_VALUE = re.compile(
    rb'<c r="([A-Z]+[0-9]+)"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)'
    rb"(?:<v */>|<v></v>)?</c>"
)
HIDDEN_ROW = re.compile(rb'<row [^>]*hidden="(?:1|true)"')
ZERO_FORMAT_PATTERN = re.compile(rb'<numFmt [^>]*?numFmtId="(\d+)"[^>]*?formatCode="(0{2,})"')
CELL_STYLES = re.compile(rb"<cellXfs.*?</cellXfs>", re.DOTALL)
STYLE_PATTERN = re.compile(rb'<xf [^>]*?numFmtId="(\d+)"')
NUMBER = re.compile(rb'<c r="([A-Z]+[0-9]+)" s="(\d+)"(?: t="n")?><v>(\d+)</v>')
ERROR_PATTERN = re.compile(r"Error\((\w+)\)")
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
CHUNK_OVERLAP = 4096  # bytes that two pieces share, so that no cell falls between them
MAX_HEADER_ROW = 20  # rows among which the header is looked for
SHEET_ROW_LIMIT = 1_048_576  # rows that a sheet can hold
ALL_SHEETS = "*"
MIN_TABLE_ROLES = 2  # roles that a sheet names at least, or it is a cover or somebody's notes
ERROR_FIX = "correct the formula, or rerun with --on-bad-rows quarantine."


@dataclass(slots=True)
class _Seen:
    """What was met while a workbook was walked through."""

    zeros: dict[bytes, int] = field(default_factory=dict)  # style → digits it fills up to
    padded: list[tuple[str, str]] = field(default_factory=list)  # cells as they are shown
    hidden: int = 0  # rows
    unstored: list[str] = field(default_factory=list)  # formulas without a value
    is_1904: bool = False
    size: int = 0  # bytes of its parts when unpacked
    is_small: bool = False  # all cells take little memory, as is proven


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as text: its rows as a person counts them, and cells that hold errors."""

    name: str
    cells: pl.DataFrame
    errors: tuple[tuple[int, int, str], ...]


def _read(path: Path, layout: SourceOptions) -> reader.SourceTable:
    file = str(path)
    with unpack.open_unchanged(path, layout) as stream:
        content = stream.read()
    facts, seen = _scan_workbook(content, file, layout)
    if seen.is_small:
        with reader.translate_read_errors(
            file, "a sound workbook", fastexcel.FastExcelError, ValueError
        ):
            batches = list(read_sheets(content))
    else:
        batches = read_sheets_apart(content, seen.size, file)
    every = [_sheet(batch) for batch in batches]
    sheets = [sheet for sheet in every if sheet.cells.height]
    chosen = _choose(sheets, layout, file)
    names = [sheet.name for sheet in chosen]
    whole = _joined([_table(sheet, layout, file) for sheet in chosen], names, file)
    left = [sheet.name for sheet in sheets if sheet.name not in names]
    if layout.sheet == ALL_SHEETS:
        facts["sheets"] = "all of one header"
        if left:
            facts["sheets_left_out"] = ", ".join(left)
    found = {"format": "excel", **facts, **whole.detected}
    return replace(whole, sha256=hashlib.sha256(content).hexdigest(), detected=found)


def _scan_workbook(
    content: bytes, file: str, layout: SourceOptions
) -> tuple[dict[str, str], _Seen]:
    """Walk through a workbook, unpacking it piece by piece, and return what it hides."""
    if content.startswith(OLE_MAGIC):
        if ENCRYPTED_MARK in content:
            raise UnreadableFileError(file, "it is locked with a password", "save it without one.")
        return {"kind": "xls"}, _Seen(size=len(content))
    if not content.startswith(unpack.ZIP):
        raise UnreadableFileError(file, "it is no workbook", "name its kind in source.format.")
    try:
        seen = _walk(content, file, layout)
    except DAMAGE as error:
        raise UnreadableFileError(
            file, f"its workbook is damaged ({error})", "copy it again."
        ) from None
    if seen.unstored:
        n, place = len(seen.unstored), seen.unstored[0]
        reason = f"{n} formulas have no stored value; the first is in cell {place}"
        fix = "open it in a spreadsheet program and save it there."
        raise _cell_error(file, reason, fix, place, place)
    if seen.padded:
        n, (place, text) = len(seen.padded), seen.padded[0]
        reason = (
            f"{n} cells hold numbers that are shown with leading zeros; the first is {place}, "
            f"shown as {quote_value(text)}"
        )
        fix = "make that column text, or export the sheet as CSV, which keeps the zeros."
        raise _cell_error(file, reason, fix, place, text)
    facts = {"dates_from": "1904"} if seen.is_1904 else {}
    if seen.hidden:
        facts["hidden_rows"] = f"{seen.hidden}, read like the others"
    return facts, seen


def _cell_error(file: str, reason: str, fix: str, place: str, value: str) -> UnreadableFileError:
    row, column = int(re.sub(r"\D", "", place)), re.sub(r"\d", "", place)
    return UnreadableFileError(file, reason, fix, row=row, column=column, value=value)


def _walk(content: bytes, file: str, layout: SourceOptions) -> _Seen:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        unpack.refuse_unsafe_names([entry.filename for entry in entries], file)
        packed = sum(entry.compress_size for entry in entries)
        seen = _Seen()
        if STYLES in archive.namelist():
            with archive.open(STYLES) as styles:
                seen.zeros = _zeros(styles.read(unpack.RATIO_FREE_BYTES))
        for entry in entries:
            with archive.open(entry) as part:
                rest = b""
                while piece := part.read(unpack.CHUNK_BYTES):
                    seen.size += len(piece)
                    unpack.refuse_bomb(seen.size, packed, file, layout)
                    _look(entry.filename, rest + piece, len(rest), seen, file)
                    rest = piece[-CHUNK_OVERLAP:]
        # Their real sizes are known now: a part is no larger than what came out of all.
        if seen.size == sum(entry.file_size for entry in entries):
            parts = {entry.filename: entry.file_size for entry in entries}
            seen.is_small = is_small(parts, archive.read)
    return seen


def _zeros(styles: bytes) -> dict[bytes, int]:
    """Return which styles fill a number up with zeros, and to how many digits."""
    formats = {number: len(zeros) for number, zeros in ZERO_FORMAT_PATTERN.findall(styles)}
    section = CELL_STYLES.search(styles)
    numbers = STYLE_PATTERN.findall(section[0]) if section else []
    return {str(i).encode(): formats[n] for i, n in enumerate(numbers) if n in formats}


def _look(name: str, whole: bytes, new: int, seen: _Seen, file: str) -> None:
    """Note what a piece of a part hides; what ends before its new bytes was seen before."""
    if DOCTYPE_PATTERN.search(whole) and name.endswith((".xml", ".rels")):
        reason = f"{quote_value(name)} declares entities, as an XML bomb does"
        raise UnreadableFileError(file, reason, "do not trust it.")
    if name == "xl/workbook.xml":
        seen.is_1904 |= b'date1904="1"' in whole or b'date1904="true"' in whole
    if SHEET_PATTERN.fullmatch(name):
        seen.hidden += sum(m.end() > new for m in HIDDEN_ROW.finditer(whole))
        formulas = FORMULA_WITHOUT_VALUE.finditer(whole)
        seen.unstored += [m[1].decode() for m in formulas if m.end() > new]
        seen.padded += [
            (m[1].decode(), m[3].decode().zfill(seen.zeros[m[2]]))
            for m in (NUMBER.finditer(whole) if seen.zeros else ())
            if m.end() > new and len(m[3]) < seen.zeros.get(m[2], 0)
        ]


def _sheet(batch: Any) -> _Sheet:
    facts = batch.schema.metadata
    cells = pl.DataFrame(batch) if batch.num_columns else pl.DataFrame()
    cells = cells.rename({old: str(i) for i, old in enumerate(cells.columns)})
    errors = tuple((row, column, text) for row, column, text in json.loads(facts[b"errors"]))
    return _Sheet(facts[b"sheet"].decode(), cells, errors)


def _choose(sheets: Sequence[_Sheet], layout: SourceOptions, file: str) -> list[_Sheet]:
    listed = ", ".join(quote_value(sheet.name) for sheet in sheets)
    if not sheets:
        raise UnreadableFileError(file, "it is empty", "export it again.")
    if layout.sheet == ALL_SHEETS:
        tables = [sheet for sheet in sheets if _roles(sheet, layout) >= MIN_TABLE_ROLES]
        return tables or list(sheets)
    named = [sheet for sheet in sheets if layout.sheet in (None, sheet.name)]
    if not named:
        message = (
            f"{quote_value(file)} has no filled sheet {quote_value(layout.sheet)}; it has {listed}."
        )
        raise SourceError(message, fix="set source.sheet to one of them.", file=file)
    if len(named) > 1:
        message = f"{quote_value(file)} has {len(sheets)} filled sheets: {listed}."
        fix = "say which: --set source.sheet=NAME, or '*' for all with one header."
        raise SourceError(message, fix=fix, file=file)
    return named


def _table(sheet: _Sheet, layout: SourceOptions, file: str) -> reader.SourceTable:
    at = _header_row(sheet.cells, layout)
    cells = [cell or "" for cell in sheet.cells.row(at)]
    names = unique_column_names(layout.column_names or cells, f"{file}[{sheet.name}]")
    below = sheet.cells.slice(at + 1)
    frame = below.rename(dict(zip(below.columns, names, strict=True)))
    rows = reader.row_numbers(frame.height, at + 2)
    rejects: dict[int, reader.RejectedRecord] = {}  # the first of each row
    for row, column, detail in sorted(sheet.errors, key=lambda error: error[0]):
        if row > at:
            kind = ERROR_PATTERN.search(detail)
            value = f"#{kind[1].upper()}!" if kind else detail
            reason = f"is an error in sheet {sheet.name}"
            error = reader.RejectedRecord(row + 1, names[column], value, reason, ERROR_FIX)
            rejects.setdefault(error.row, error)
    is_row = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    is_row &= ~rows.is_in(list(rejects))
    found = {"sheet": sheet.name, "header_row": str(at + 1)}
    if sheet.cells.height >= SHEET_ROW_LIMIT:
        found["full_sheet"] = "its last row is used: the data were probably cut off"
    kept = frame.filter(is_row)
    return reader.SourceTable(kept, rows.filter(is_row), "", found, tuple(rejects.values()))


def _roles(sheet: _Sheet, layout: SourceOptions) -> int:
    """Return how many roles the header of a sheet names."""
    header = layout.column_names or sheet.cells.row(_header_row(sheet.cells, layout))
    return count_recognised([cell for cell in header if cell], layout)


def _header_row(cells: pl.DataFrame, layout: SourceOptions) -> int:
    """Return the row, from 0, whose cells name the most roles."""
    if layout.header_row:
        return min(layout.header_row, cells.height) - 1
    rows = [[cell for cell in row if cell] for row in cells.head(MAX_HEADER_ROW).rows()]
    recognised = [count_recognised(row, layout) for row in rows]
    if max(recognised):
        return recognised.index(max(recognised))
    return next((i for i, row in enumerate(rows) if len(row) > 1), 0)


def _joined(
    tables: Sequence[reader.SourceTable], names: Sequence[str], file: str
) -> reader.SourceTable:
    first = tables[0]
    columns = first.frame.columns
    for name, table in zip(names, tables, strict=True):
        if [*map(normalize_name, table.frame.columns)] != [*map(normalize_name, columns)]:
            raise SourceError(
                f"Sheet {quote_value(name)} of {quote_value(file)} has other columns than "
                f"{quote_value(names[0])}.",
                fix="say which sheet to read: --set source.sheet=NAME.",
                file=file,
            )
    if len(tables) == 1:
        return first
    frames = [t.frame.rename(dict(zip(t.frame.columns, columns, strict=True))) for t in tables]
    return reader.SourceTable(
        pl.concat(frames),
        pl.concat([table.rows for table in tables]),
        "",
        {**first.detected, "sheet": ", ".join(names)},
        tuple(reject for table in tables for reject in table.rejects),
    )


PART = reader.FileReader((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), _read)
