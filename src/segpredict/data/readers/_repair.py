"""Go on, line by line, where quotes break the rules, and say what is wrong with which.

A quote in an unquoted cell spoils its row and no other. A quote that is opened and not
closed spoils everything after it: the file is refused at the row where it was opened.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from segpredict.data.readers._decode import LINE_BREAK, count_lines_before
from segpredict.data.readers._records import RecordIndex, split_records
from segpredict.errors import UnreadableFileError, quote_value

STRAY_QUOTE_FIX = (
    'write the cell in quotes and each quote in it twice ("12"" disc"), or set '
    "source.stray_quotes = 'keep' if quotes are plain characters in this file."
)


@dataclass(frozen=True, slots=True)
class RecordFault:
    """A record that is no row of the table."""

    line: int  # the physical line on which it starts, the first of the file being 0
    cell: int  # which of its cells is at fault, from 0
    value: str  # the record as written
    reason: str  # what is wrong with it, to be read after the value
    fix: str  # what to do about it


@dataclass(frozen=True, slots=True)
class About:
    """What messages name: the file and its columns."""

    file: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class CsvGrammar:
    """What cells and records look like under one separator."""

    separator: bytes  # the character between cells
    keeps_stray_quotes: bool = False  # whether a stray quote is a character like any other

    @property
    def quoted_pattern(self) -> bytes:
        """The pattern of a quoted cell."""
        return rb' *+"[^"]*+(?:""[^"]*+)*+" *+'

    @property
    def unquoted_pattern(self) -> bytes:
        """The pattern of an unquoted cell."""
        return rb'[^"\r\n' + re.escape(self.separator) + rb"]*+"

    @property
    def cell_end_pattern(self) -> bytes:
        """The pattern of what may follow a cell."""
        return rb"(?=" + re.escape(self.separator) + rb"|\r|\n|\Z)"

    def cell_pattern(self) -> re.Pattern[bytes]:
        """Return what matches one cell that ends where a cell may end."""
        loose = (
            rb"|[^\r\n" + re.escape(self.separator) + rb"]*+" if self.keeps_stray_quotes else b""
        )
        either = (
            rb"(?:"
            + self.quoted_pattern
            + self.cell_end_pattern
            + rb"|"
            + self.unquoted_pattern
            + self.cell_end_pattern
            + loose
        )
        return re.compile(either + rb")")

    def record_pattern(self) -> re.Pattern[bytes]:
        """Return what matches one record without its line end."""
        one = self.cell_pattern().pattern
        return re.compile(one + rb"(?:" + re.escape(self.separator) + one + rb")*+(?=\r|\n|\Z)")

    def split_cells(self, record: bytes) -> list[bytes]:
        """Return the cells of one record, without their quotes."""
        pattern, cells, at = self.cell_pattern(), [], 0
        while at <= len(record):
            found = pattern.match(record, at)
            if found is None:
                break
            cells.append(_bare(found[0], is_quoted=self._is_quoted(found[0])))
            at = found.end() + 1
        return cells

    def _is_quoted(self, cell: bytes) -> bool:
        return re.fullmatch(self.quoted_pattern, cell) is not None


def _bare(cell: bytes, *, is_quoted: bool) -> bytes:
    return cell.strip(b" ")[1:-1].replace(b'""', b'"') if is_quoted else cell


def parse_records(
    content: bytes, grammar: CsvGrammar, start: int, about: About
) -> tuple[RecordIndex, list[RecordFault], int]:
    """Return all records, those that are none, and up to where quotes are plain."""
    sound, reached = split_records(content, grammar.separator, start)
    first = count_lines_before(content, start)
    sound = replace(sound, line_numbers=sound.line_numbers + first)
    if reached == len(content):
        return sound, [], len(content)
    line = first + _lines(content, start, reached)
    faults: list[RecordFault] = []
    more = list(_walk(content, grammar, reached, line, about, faults))
    table = np.array(more, np.int64).reshape(-1, 4)
    return sound + RecordIndex(*table.T), faults, reached


def has_sound_quotes(content: bytes, separator: bytes, start: int) -> bool:
    """Return whether every quote is where a quote may be."""
    return split_records(content, separator, start)[1] == len(content)


def _lines(content: bytes, start: int, end: int) -> int:
    part = content[start:end]
    return part.count(b"\n") + part.count(b"\r") - part.count(b"\r\n")


def _walk(
    content: bytes,
    grammar: CsvGrammar,
    at: int,
    line: int,
    about: About,
    faults: list[RecordFault],
) -> Iterator[tuple[int, int, int, int]]:
    """Yield start, end, cells and line of each sound record."""
    pattern, one = grammar.record_pattern(), grammar.cell_pattern()
    while at < len(content):
        found = pattern.match(content, at)
        if found is not None:
            end = found.end()
            record = found[0]
            count = _count(record, one, grammar.separator)
            yield at, end, count, line
        else:
            fault, end = find_fault(content, grammar, at, line, about)
            faults.append(fault)
        after = LINE_BREAK.match(content, end)
        stop = after.end() if after else end + 1
        line += _lines(content, at, min(stop, len(content)))
        at = stop


def _count(record: bytes, one: re.Pattern[bytes], separator: bytes) -> int:
    if b'"' not in record:
        return record.count(separator) + 1
    count, at = 0, 0
    while at <= len(record):
        found = one.match(record, at)
        at = (found.end() if found else len(record)) + 1
        count += 1
    return count


def find_fault(
    content: bytes,
    grammar: CsvGrammar,
    start: int,
    line: int,
    about: About,
) -> tuple[RecordFault, int]:
    """Return what is wrong with the record that starts here, and where it ends."""
    at, cell, one = start, 0, grammar.cell_pattern()
    while found := one.match(content, at):
        at, cell = found.end() + 1, cell + 1
    found_end = LINE_BREAK.search(content, at)
    end = found_end.start() if found_end else len(content)
    if content[at:end].lstrip(b" ").startswith(b'"'):
        closed = re.compile(grammar.quoted_pattern).match(content, at)
        if closed is None or closed.end() > end:
            raise _unclosed(content[at:end], 1 + count_lines_before(content, at), cell, about)
    value = content[start:end].decode(errors="replace")
    return RecordFault(line, cell, value, "has a stray quote", STRAY_QUOTE_FIX), end


def _unclosed(quoted: bytes, row: int, cell: int, about: About) -> UnreadableFileError:
    text, names = quoted.decode(errors="replace")[:80], about.names
    column = names[cell] if cell < len(names) else str(cell + 1)
    return UnreadableFileError(
        about.file,
        f"the quote that opens in column {column} ({quote_value(text)}) is never closed",
        "close it, or copy the file again if it was cut off.",
        row=row,
        column=column,
        value=text,
    )
