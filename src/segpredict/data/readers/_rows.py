"""The names of the columns, which records are rows, and what is wrong with the rest."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from segpredict.config.source import SourceOptions
from segpredict.core.arrays import BoolArray
from segpredict.data.readers._reader import RejectedRecord
from segpredict.data.readers._records import (
    DelimitedText,
    FoundRecords,
    Records,
    find_fault,
)
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
MAX_BROKEN_RECORDS = 100_000  # broken records of one piece, if they are most of it


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
class TableFacts:
    """What all records of a text say together."""

    names: tuple[str, ...]  # names of the cells
    detected: dict[str, str]  # how many records were left out without loss, and what else was seen
    footer_at: int | None  # byte from which on no line is a row
    is_cut: bool  # whether the last record was cut off and is left out


@dataclass
class _Seen:
    """Records that may be rows."""

    count: int = 0
    widths: set[int] = field(default_factory=set)
    is_bare: bool = True  # whether all end in a separator
    last: Records | None = None  # the last of them, alone …
    raw: bytes = b""  # … as it is written …
    is_at_end: bool = False  # … and whether the text ends with it, without a line end

    def add(self, text: DelimitedText, records: Records) -> None:
        if not len(records):
            return
        codes = np.frombuffer(text.content, np.uint8)
        self.count += len(records)
        self.widths.update(np.unique(records["cells"]).tolist())
        self.is_bare &= bool((codes[records["end"] - 1] == text.grammar.separator[0]).all())
        self.last, self.raw = records[-1:].copy(), _raw(text, records, -1)
        self.is_at_end = text.is_last and int(records["end"][-1]) == len(text.content)

    def join(self, below: "_Seen") -> None:
        if below.last is None:
            return
        self.count += below.count
        self.widths |= below.widths
        self.is_bare &= below.is_bare
        self.last, self.raw, self.is_at_end = below.last, below.raw, below.is_at_end


class TableSurvey:
    """Looks at the records of a text, piece by piece, before any is taken for a row."""

    def __init__(self, heading: HeaderRow, layout: SourceOptions) -> None:
        self._heading, self._layout = heading, layout
        self.first: list[str] = []  # the cells of the first record that holds any byte
        self._counts = dict.fromkeys(("blank_lines", "repeated_headers", "comments"), 0)
        self._seen = _Seen()  # up to the last record that is as wide as the header …
        self._below = _Seen()  # … and from there on
        self._footer_at: int | None = None  # where it ends
        self._lines_below = 0  # lines from there on that are not blank
        self._is_apart: bool | None = None  # whether the first of them is blank

    def add(self, found: FoundRecords) -> None:
        """Look at the records of the next piece."""
        text, records = found.text, found.records
        if not len(records):
            return
        _refuse_long(text, records)
        is_filled = (records["end"] > records["start"]) & (records["cells"] <= MAX_COLUMNS)
        filled = records[["start", "end"]][is_filled][:1].tolist()
        if filled and not self.first:
            (start, end), grammar = filled[0], text.grammar
            self.first = [c.decode() for c in grammar.split_cells(text.content[start:end])]
        left_out = _no_rows(text, records, self._heading, self._layout)
        for name, mask in left_out.items():
            self._counts[name] += int(mask.sum())
        blank, kept = left_out["blank_lines"], ~np.any([*left_out.values()], axis=0)
        whole = np.flatnonzero(records["cells"] == len(self._heading.names))
        start = 0
        if len(whole):
            start = int(whole[-1]) + 1
            self._seen.join(self._below)
            self._seen.add(text, records[:start][kept[:start]])
            self._below, self._lines_below, self._is_apart = _Seen(), 0, None
            self._footer_at = text.bytes_before + int(records["end"][whole[-1]])
        if start < len(records):
            self._is_apart = bool(blank[start]) if self._is_apart is None else self._is_apart
            self._below.add(text, records[start:][kept[start:]])
            self._lines_below += int(np.count_nonzero(~blank[start:]))

    def facts(self, file: str, header_row: int) -> TableFacts:
        """Return what all records say; refuse those that are no table."""
        is_apart = self._footer_at is not None and bool(self._is_apart)
        is_footer = len(self._heading.names) > 1 and is_apart
        is_footer &= self._lines_below <= MAX_FOOTER_LINES
        counts = {**self._counts, "footer_lines": self._lines_below if is_footer else 0}
        if not is_footer:
            self._seen.join(self._below)
        names = _names(self._seen, self._heading, file, header_row)
        found = {name: str(count) for name, count in counts.items() if count}
        is_cut = self._is_cut(names, file)
        if is_cut:
            found["truncated"] = "the last row was cut off and left out"
        return TableFacts(names, found, self._footer_at if is_footer else None, is_cut)

    def _is_cut(self, names: tuple[str, ...], file: str) -> bool:
        last, raw = self._seen.last, self._seen.raw
        if last is None or not self._seen.is_at_end:
            return False
        if last["cells"][0] == len(names) or b"\x00" in raw:
            return False
        if not self._layout.allow_truncated:
            raise _cut(file, raw, last, names)
        return True


def _refuse_long(text: DelimitedText, records: Records) -> None:
    sizes = records["end"] - records["start"]
    i = int(sizes.argmax())
    if sizes[i] <= MAX_RECORD_BYTES:
        return
    row, start = int(records["line"][i] + 1), text.bytes_before + int(records["start"][i])
    message = (
        f"{quote_value(text.file)} row {row} has {sizes[i]} bytes from byte {start} on; the limit "
        f"is {MAX_RECORD_BYTES}."
    )
    fix = "check that the file has line ends and that its quotes are closed."
    raise LimitError(message, fix=fix, file=text.file, row=row)


def _no_rows(
    text: DelimitedText, records: Records, heading: HeaderRow, layout: SourceOptions
) -> dict[str, BoolArray]:
    """Mark records that are no rows wherever they stand."""
    is_as_long = records["end"] - records["start"] == len(heading.raw)
    prefix = (layout.comment_prefix or "").encode()
    may_be_remark = np.full(len(records), bool(prefix))
    return {
        "blank_lines": _picked(records["cells"] == 1, records, text, lambda r: not r.strip()),
        "repeated_headers": _picked(is_as_long, records, text, lambda r: r == heading.raw != b""),
        "comments": _picked(may_be_remark, records, text, lambda r: r.startswith(prefix)),
    }


def split_rows(
    found: FoundRecords, facts: TableFacts, heading: HeaderRow, layout: SourceOptions
) -> tuple[Records, list[RejectedRecord]]:
    """Part rows, all of as many cells as there are names, from broken records."""
    text, records, names = found.text, found.records, facts.names
    left_out = _no_rows(text, records, heading, layout)
    gone = np.any([*left_out.values()], axis=0)
    if facts.footer_at is not None:
        gone |= records["start"] + text.bytes_before >= facts.footer_at
    records = _without(records, gone)
    if facts.is_cut and text.is_last:
        records = records[:-1]
    may_hold_nul = np.full(len(records), b"\x00" in text.content)
    nul = _picked(may_hold_nul, records, text, lambda r: b"\x00" in r)
    bad = nul | (records["cells"] != len(names))
    places = np.flatnonzero(bad).tolist()
    if len(places) > max(MAX_BROKEN_RECORDS, len(records) // 2):  # each of them takes memory
        first = _fault(text, records, places[0], len(names), heading.names)
        raise unlike_header(text.file, first, len(places), len(records))
    faults = [_fault(text, records, i, len(names), heading.names) for i in places]
    return _without(records, bad), faults


def unlike_header(file: str, first: RejectedRecord, broken: int, total: int) -> UnreadableFileError:
    """Return the error of a text most of whose records are broken."""
    return UnreadableFileError(
        file,
        f"its rows do not fit its header: {broken} of {total} are broken; the first {first.reason}",
        "check source.separator, source.header_row and the quotes of the file.",
        row=first.row,
        value=first.value[:80],
        count=broken,
    )


def _without(records: Records, gone: BoolArray) -> Records:
    return records[~gone] if gone.any() else records  # a copy of all takes memory


def _raw(text: DelimitedText, records: Records, i: int) -> bytes:
    return text.content[records["start"][i] : records["end"][i]]


def _picked(
    candidates: BoolArray, records: Records, text: DelimitedText, fits: Callable[[bytes], bool]
) -> BoolArray:
    mask = np.zeros(len(records), np.bool_)
    places = np.flatnonzero(candidates)
    starts, ends = records["start"][places].tolist(), records["end"][places].tolist()
    found = (fits(text.content[start:end]) for start, end in zip(starts, ends, strict=True))
    mask[places] = np.fromiter(found, np.bool_, len(places))
    return mask


def _names(seen: _Seen, heading: HeaderRow, file: str, header_row: int) -> tuple[str, ...]:
    """Return one name a cell, where all rows end in one separator more or less."""
    names = heading.names
    if len(seen.widths) != 1 or seen.widths == {len(names)}:
        return names
    (width,) = seen.widths
    if all(is_unnamed(name) for name in names[width:]) and width < len(names):
        return names[:width]
    if width == len(names) + 1 and seen.is_bare:
        return (*names, f"column {width}")
    if seen.count > 1:
        reason = f"all its {seen.count} rows have {width} cells, and its header has {len(names)}"
        fix = "give every column a name (or set source.column_names), or check the separator."
        raise UnreadableFileError(file, reason, fix, row=header_row)
    return names


def _cut(file: str, raw: bytes, record: Records, names: tuple[str, ...]) -> UnreadableFileError:
    value, cells = raw.decode(errors="replace"), int(record["cells"][0])
    return UnreadableFileError(
        file,
        f"the file may be cut off: its last row {quote_value(value)} has {cells} of "
        f"{len(names)} cells and no line end",
        "copy it again, or set source.allow_truncated = true to leave that row out.",
        row=int(record["line"][0] + 1),
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
