"""Excel and OpenDocument workbooks: one sheet, ids and all else as text.

A cell is read as it is shown where that is text; a number or a date as its value, and a
formula as the value that was stored with it. Macros are never run.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import fastexcel
import polars as pl

from segpredict.errors import SourceError, UnreadableFileError, shown
from segpredict.sources._columns import recognised
from segpredict.sources._header import names_of
from segpredict.sources._layout import Layout, normal
from segpredict.sources._source import Reject, Source, Table, digest, sound
from segpredict.sources._unpack import opened
from segpredict.sources._workbook import scan

DEEPEST = 20  # rows among which the header is looked for
FULL = 1_048_576  # rows that a sheet can hold
ALL = "*"
TABLE = 2  # roles that a sheet names at least, or it is a cover or somebody's notes
WRONG = re.compile(r"Error\((\w+)\)")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as text: its rows as a person counts them, and cells that hold errors."""

    name: str
    cells: pl.DataFrame
    errors: tuple[tuple[int, int, str], ...]


def _read(path: Path, layout: Layout) -> Table:
    file = str(path)
    with opened(path, layout) as stream:
        facts = scan(stream, file, layout)
        with sound(file, "a sound workbook", fastexcel.FastExcelError, ValueError):
            book = fastexcel.read_excel(path)
            sheets = [_load(book, name) for name in book.sheet_names]
    chosen = _choose([sheet for sheet in sheets if sheet.cells.height], layout, file)
    tables = [_table(sheet, layout, file) for sheet in chosen]
    names = [sheet.name for sheet in chosen]
    whole = _joined(tables, names, file)
    left = [s.name for s in sheets if s.cells.height and s.name not in names]
    if layout.sheet == ALL:
        facts["sheets"] = "all of one header"
        if left:
            facts["sheets_left_out"] = ", ".join(left)
    found = {"format": "excel", **facts, **whole.detected}
    return replace(whole, sha256=digest(path), detected=found)


def _load(book: fastexcel.ExcelReader, name: str) -> _Sheet:
    sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    batch, wrong = sheet.to_arrow_with_errors() if sheet.height else (None, None)
    if batch is None:
        return _Sheet(name, pl.DataFrame(), ())
    cells = pl.DataFrame(batch)
    cells = cells.rename({old: str(i) for i, old in enumerate(cells.columns)})
    errors = [(*e.position, e.detail) for e in wrong.errors] if wrong else []
    return _Sheet(name, cells, tuple(errors))


def _choose(sheets: Sequence[_Sheet], layout: Layout, file: str) -> list[_Sheet]:
    listed = ", ".join(shown(sheet.name) for sheet in sheets)
    if not sheets:
        raise UnreadableFileError(file, "it is empty", "export it again.")
    if layout.sheet == ALL:
        tables = [sheet for sheet in sheets if _roles(sheet, layout) >= TABLE]
        return tables or list(sheets)
    if layout.sheet is not None:
        named = [sheet for sheet in sheets if sheet.name == layout.sheet]
        if not named:
            raise SourceError(
                f"{shown(file)} has no filled sheet {shown(layout.sheet)}; "
                f"it has {listed}.",
                fix="set source.sheet to one of them.",
                file=file,
            )
        return named
    if len(sheets) > 1:
        raise SourceError(
            f"{shown(file)} has {len(sheets)} filled sheets: {listed}.",
            fix="say which: --set source.sheet=NAME, or '*' for all with one header.",
            file=file,
        )
    return list(sheets)


def _table(sheet: _Sheet, layout: Layout, file: str) -> Table:
    at = _header_row(sheet.cells, layout)
    cells = [cell or "" for cell in sheet.cells.row(at)]
    names = names_of(layout.names or cells, f"{file}[{sheet.name}]")
    below = sheet.cells.slice(at + 1)
    frame = below.rename(dict(zip(below.columns, names, strict=True)))
    rows = pl.int_range(at + 2, at + 2 + frame.height, dtype=pl.Int64, eager=True)
    rejects = [_reject(error, names, sheet.name) for error in sheet.errors]
    rejects = [reject for reject in rejects if reject.row > at + 1]
    is_row = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    is_row &= ~rows.is_in([reject.row for reject in rejects])
    found = {"sheet": sheet.name, "header_row": str(at + 1)}
    if sheet.cells.height >= FULL:
        found["full_sheet"] = "its last row is used: the data were probably cut off"
    once = {reject.row: reject for reject in reversed(rejects)}
    sorted_out = tuple(once[row] for row in sorted(once))
    return Table(
        frame.filter(is_row), rows.filter(is_row).rename("row"), "", found, sorted_out
    )


def _roles(sheet: _Sheet, layout: Layout) -> int:
    """Return how many roles the header of a sheet names."""
    if layout.names:
        return recognised(layout.names, layout)
    header = sheet.cells.row(_header_row(sheet.cells, layout))
    return recognised([cell for cell in header if cell], layout)


def _header_row(cells: pl.DataFrame, layout: Layout) -> int:
    """Return the row, from 0, whose cells name the most roles."""
    if layout.header:
        return min(layout.header, cells.height) - 1
    rows = [
        [cell or "" for cell in cells.row(i)] for i in range(min(DEEPEST, cells.height))
    ]
    told = [recognised([cell for cell in row if cell], layout) for row in rows]
    if max(told):
        return told.index(max(told))
    filled = (i for i, row in enumerate(rows) if sum(map(bool, row)) > 1)
    return next(filled, 0)


def _reject(error: tuple[int, int, str], names: Sequence[str], sheet: str) -> Reject:
    row, column, detail = error
    kind = WRONG.search(detail)
    value = f"#{kind[1].upper()}!" if kind else detail
    fix = "correct the formula, or rerun with --on-bad-rows quarantine."
    return Reject(row + 1, names[column], value, f"is an error in sheet {sheet}", fix)


def _joined(tables: Sequence[Table], names: Sequence[str], file: str) -> Table:
    first = tables[0]
    for name, table in zip(names, tables, strict=True):
        if [normal(c) for c in table.frame.columns] != [
            normal(c) for c in first.frame.columns
        ]:
            raise SourceError(
                f"Sheet {shown(name)} of {shown(file)} has other columns than "
                f"{shown(names[0])}.",
                fix="say which sheet to read: --set source.sheet=NAME.",
                file=file,
            )
    if len(tables) == 1:
        return first
    found: Mapping[str, str] = {**first.detected, "sheet": ", ".join(names)}
    return Table(
        pl.concat([t.frame.rename(_like(t, first)) for t in tables]),
        pl.concat([table.rows for table in tables]),
        "",
        found,
        tuple(reject for table in tables for reject in table.rejects),
    )


def _like(table: Table, first: Table) -> dict[str, str]:
    return dict(zip(table.frame.columns, first.frame.columns, strict=True))


PART = Source("excel", (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), _read)
