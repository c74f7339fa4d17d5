"""The names of the columns, which records are rows, and what is wrong with the rest."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from segpredict.config.source import SourceOptions
from segpredict.core.arrays import BoolArray
from segpredict.data.readers._reader import RejectedRecord
from segpredict.data.readers._records import DelimitedText, Records, find_fault
from segpredict.data.readers._unpack import LINE_BREAK
from segpredict.errors import ContractError, LimitError, UnreadableFileError, quote_value

NUMBER_PATTERN = re.compile(r"[-+]?[$€£]?\s*[\d.,\s]*\d%?")
DATE_PATTERN = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
PERIOD_PATTERN = re.compile(
    r"((19|20)\d\d([-/. ]?(0?[1-9]|1[0-2]|q[1-4]|w\d\d?))?)"
    r"|((jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/. ]?((19|20)?\d\d)?)",
    re.IGNORECASE,
)
MAX_COLUMNS = 2000  # more than any table of transactions has
UNNAMED_PREFIX = "column "  # what a column without a name is called, with its number
MAX_FOOTER_LINES = 10  # lines after the table that are no rows of it
MAX_RECORD_BYTES = 16 << 20  # bytes of one record


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """What is above the rows."""

    names: tuple[str, ...]  # names of the columns
    raw: bytes  # the header as written in the file; empty if there is none
    after: int  # where the first row starts


def read_header(text: DelimitedText, layout: SourceOptions) -> HeaderRow:
    """Return the names of the columns, from the file or from the layout."""
    file = text.file
    if layout.header_row == 0:
        return HeaderRow(unique_column_names(layout.column_names, file), b"", text.start)
    found = text.grammar.record_pattern().match(text.content, text.start)
    if found is None:
        fault, _ = find_fault(text, text.start, text.header_row - 1, ())
        reason = f"its header {quote_value(fault.value)} {fault.reason}"
        raise UnreadableFileError(file, reason, fault.fix, row=fault.row, value=fault.value[:80])
    if b"\x00" in found[0]:
        raise UnreadableFileError(
            file, "it is a binary file (NUL bytes in its header)", "export it as CSV."
        )
    cells = [cell.decode() for cell in text.grammar.split_cells(found[0])]
    if len(cells) > MAX_COLUMNS:
        message = f"{quote_value(file)} has {len(cells)} columns; the limit is {MAX_COLUMNS}."
        raise LimitError(message, fix="export the columns that are needed.", file=file)
    end = LINE_BREAK.match(text.content, found.end()) or found
    return HeaderRow(unique_column_names(layout.column_names or cells, file), found[0], end.end())


def unique_column_names(cells: Sequence[str], file: str) -> tuple[str, ...]:
    """Return the names of the columns; blank ones get a name of their own."""
    bare = [cell.strip() for cell in cells]
    counts = Counter(name for name in bare if name)
    twice = next((name for name, n in counts.items() if n > 1), None)
    if twice is not None:
        places = [str(i) for i, name in enumerate(bare, start=1) if name == twice]
        reason = f"its header has {quote_value(twice)} as columns {' and '.join(places)}"
        raise UnreadableFileError(file, reason, "rename one of them.", column=twice)
    return tuple(name or f"{UNNAMED_PREFIX}{i}" for i, name in enumerate(bare, start=1))


def is_unnamed(name: str) -> bool:
    """Return whether a column had no name in the file."""
    return name.startswith(UNNAMED_PREFIX) and name.removeprefix(UNNAMED_PREFIX).isdigit()


def refuse_missing_header(
    names: Sequence[str], first: Sequence[str], layout: SourceOptions, file: str
) -> None:
    """Refuse a first row that looks like the second, or a table of months."""
    periods = [name for name in names if PERIOD_PATTERN.fullmatch(name.strip())]
    if len(periods) > 2 and len(periods) >= len(names) / 2:
        listed = ", ".join(map(quote_value, periods[:3]))
        message = f"{quote_value(file)} has one column a period ({listed} …): it is a pivot table."
        fix = "export one row an order line, with the date in a column of its own."
        raise ContractError(message, fix=fix, file=file)
    if layout.header_row is not None:
        return
    kinds = [_kind(name) for name in names]
    if any(kinds) and kinds == [_kind(cell) for cell in first]:
        example = next(name for name, kind in zip(names, kinds, strict=True) if kind)
        raise UnreadableFileError(
            file,
            f"its first row looks like data ({quote_value(example)}), not like the names of "
            "columns",
            "if it has no header: source.header_row = 0 and source.column_names = "
            "['customer_id', …]; if these are names: source.header_row = 1.",
            row=1,
            value=example,
        )


def _kind(cell: str) -> str:
    bare = cell.strip()
    if DATE_PATTERN.fullmatch(bare):
        return "date"
    return "number" if NUMBER_PATTERN.fullmatch(bare) else ""


@dataclass(frozen=True, slots=True)
class ParsedRows:
    """The rows of a text, and what is none."""

    records: Records  # rows, all of as many cells as there are names
    names: tuple[str, ...]  # names of their cells
    faults: tuple[RejectedRecord, ...]  # records that are no rows
    detected: dict[str, str]  # how many records were left out without loss, and what else was seen


def split_rows(
    text: DelimitedText, records: Records, heading: HeaderRow, layout: SourceOptions
) -> ParsedRows:
    """Part rows from blank lines, repeated headers, comments and broken records."""
    _refuse_too_long(records, text.file)
    blank = _picked(records["cells"] == 1, records, text, lambda r: not r.strip())
    is_as_long = records["end"] - records["start"] == len(heading.raw)
    again = _picked(is_as_long, records, text, lambda r: r == heading.raw != b"")
    prefix = (layout.comment_prefix or "").encode()
    may_be_remark = np.full(len(records), bool(prefix))
    remark = _picked(may_be_remark, records, text, lambda r: r.startswith(prefix))
    footer = _footer(records, blank, len(heading.names))
    left_out = {"blank_lines": blank, "repeated_headers": again}
    left_out |= {"comments": remark, "footer_lines": footer}
    found = {name: str(mask.sum()) for name, mask in left_out.items() if mask.any()}
    records = _without(records, blank | again | remark | footer)
    names = _names(records, heading, text)
    may_hold_nul = np.full(len(records), b"\x00" in text.content)
    nul = _picked(may_hold_nul, records, text, lambda r: b"\x00" in r)
    ragged = (records["cells"] != len(names)) & ~nul
    if len(records) and ragged[-1] and records["end"][-1] == len(text.content):
        if not layout.allow_truncated:
            raise _cut(text, records, names)
        found["truncated"] = "the last row was cut off and left out"
        records, nul, ragged = records[:-1], nul[:-1], ragged[:-1]
    bad = nul | ragged
    places = np.flatnonzero(bad).tolist()
    faults = tuple(_fault(text, records, i, len(names), heading.names) for i in places)
    return ParsedRows(_without(records, bad), names, faults, found)


def _without(records: Records, gone: BoolArray) -> Records:
    return records[~gone] if gone.any() else records  # a copy of all takes memory


def _refuse_too_long(records: Records, file: str) -> None:
    sizes = records["end"] - records["start"]
    if len(sizes) and sizes.max() > MAX_RECORD_BYTES:
        i = int(sizes.argmax())
        row = int(records["line"][i] + 1)
        message = (
            f"{quote_value(file)} row {row} has {sizes[i]} bytes "
            f"from byte {records['start'][i]} on; the limit is {MAX_RECORD_BYTES}."
        )
        fix = "check that the file has line ends and that its quotes are closed."
        raise LimitError(message, fix=fix, file=file, row=row)


def _raw(text: DelimitedText, records: Records, i: int) -> bytes:
    return text.content[records["start"][i] : records["end"][i]]


def _picked(
    candidates: BoolArray, records: Records, text: DelimitedText, fits: Callable[[bytes], bool]
) -> BoolArray:
    mask = np.zeros(len(records), np.bool_)
    for i in np.flatnonzero(candidates).tolist():
        mask[i] = fits(_raw(text, records, i))
    return mask


def _footer(records: Records, blank: BoolArray, width: int) -> BoolArray:
    """Mark the last lines where they follow a blank line and are no rows of the table."""
    whole = np.flatnonzero(records["cells"] == width)
    start = int(whole[-1]) + 1 if len(whole) else len(records)
    below = (np.arange(len(records)) >= start) & ~blank
    is_apart = start < len(records) and bool(blank[start])
    is_footer = width > 1 and is_apart and np.count_nonzero(below) <= MAX_FOOTER_LINES
    return below & is_footer


def _names(records: Records, heading: HeaderRow, text: DelimitedText) -> tuple[str, ...]:
    """Return one name a cell, where all rows end in one separator more or less."""
    names = heading.names
    widths = np.unique(records["cells"])
    if len(widths) != 1 or widths[0] == len(names):
        return names
    width = int(widths[0])
    if all(is_unnamed(name) for name in names[width:]) and width < len(names):
        return names[:width]
    codes = np.frombuffer(text.content, np.uint8)
    is_bare = codes[records["end"] - 1] == text.grammar.separator[0]
    if width == len(names) + 1 and is_bare.all():
        return (*names, f"column {width}")
    if len(records) > 1:
        reason = f"all its {len(records)} rows have {width} cells, and its header has {len(names)}"
        fix = "give every column a name (or set source.column_names), or check the separator."
        raise UnreadableFileError(text.file, reason, fix, row=text.header_row)
    return names


def _cut(text: DelimitedText, records: Records, names: tuple[str, ...]) -> UnreadableFileError:
    value = _raw(text, records, -1).decode(errors="replace")
    cells = int(records["cells"][-1])
    return UnreadableFileError(
        text.file,
        f"the file may be cut off: its last row {quote_value(value)} has {cells} of "
        f"{len(names)} cells and no line end",
        "copy it again, or set source.allow_truncated = true to leave that row out.",
        row=int(records["line"][-1] + 1),
        column=names[min(cells, len(names)) - 1],
        value=value[:80],
    )


def _fault(
    text: DelimitedText, records: Records, i: int, width: int, names: tuple[str, ...]
) -> RejectedRecord:
    """Return what is wrong with a record that is no row."""
    raw, cells = _raw(text, records, i), int(records["cells"][i])
    value, cell = raw.decode(errors="replace"), min(cells, width - 1)
    reason = f"has {cells} cell{'s' * (cells > 1)} where the header has {width}"
    if b"\x00" in raw:
        cell, reason = raw[: raw.index(b"\x00")].count(text.grammar.separator), "holds a NUL byte"
        fix = "export the row again; a NUL byte means that it was damaged."
    elif value.lstrip().startswith("#"):
        fix = "if it is a comment, set source.comment_prefix = '#'."
    elif cells < width:
        fix = "complete the row; write a missing value as an empty cell."
    else:
        fix = "write cells that hold the separator in quotes."
    column = names[min(cell, len(names) - 1)]
    return RejectedRecord(int(records["line"][i]) + 1, column, value, reason, fix)
