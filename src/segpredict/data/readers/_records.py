"""Find every record of a separated text, at the speed of numpy.

RFC 4180, checked to the letter: a quote opens a cell only where a cell starts, and closes it only
where it ends. Where that fails, a slower walk goes on line by line and says what is wrong with
which one. A quote in an unquoted cell spoils its row and no other. A quote that is opened and not
closed spoils everything after it: the file is refused at the row where it was opened.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO

import numpy as np
import numpy.typing as npt

from segpredict.data.readers._reader import RejectedRecord
from segpredict.data.readers._unpack import LINE_BREAK, count_lines
from segpredict.errors import LimitError, UnreadableFileError, quote_value

IndexArray = npt.NDArray[np.int64]
# Bytes ``[start, end)`` of a record without its line end, how many cells it has, and the physical
# line on which it starts, the first of the text being 0.
RECORD = np.dtype([(name, np.int64) for name in ("start", "end", "cells", "line")])
Records = npt.NDArray[np.void]  # of `RECORD`
CHUNK_BYTES = 2 << 20  # bytes looked at together
MIN_RECORD_BYTES = 4  # of a record with its line end, on average: a shorter one is no row …
MAX_SHORT_RECORDS = 2_000_000  # … and so many, most of them blank, would fill the memory
PIECE_BYTES = 32 << 20  # bytes of a text that are in memory at a time, with their cells
QUOTE_BYTE, CARRIAGE_RETURN, LINE_FEED = b'"'[0], b"\r"[0], b"\n"[0]
QUOTED_CELL = rb' *+"[^"]*+(?:""[^"]*+)*+" *+'
STRAY_QUOTE_FIX = (
    'write the cell in quotes and each quote in it twice ("12"" disc"), or set '
    "source.stray_quotes = 'keep' if quotes are plain characters in this file."
)


@dataclass(frozen=True, slots=True)
class CsvGrammar:
    """What cells and records look like under one separator."""

    separator: bytes  # the character between cells
    keeps_stray_quotes: bool = False  # whether a stray quote is a character like any other

    def cell_pattern(self) -> re.Pattern[bytes]:
        """Return what matches one cell that ends where a cell may end."""
        separator = re.escape(self.separator)
        end = rb"(?=" + separator + rb"|\r|\n|\Z)"
        plain = rb'[^"\r\n' + separator + rb"]*+"
        loose = rb"|[^\r\n" + separator + rb"]*+" if self.keeps_stray_quotes else b""
        return re.compile(rb"(?:" + QUOTED_CELL + end + rb"|" + plain + end + loose + rb")")

    def record_pattern(self) -> re.Pattern[bytes]:
        """Return what matches one record without its line end."""
        one = self.cell_pattern().pattern
        return re.compile(one + rb"(?:" + re.escape(self.separator) + one + rb")*+(?=\r|\n|\Z)")

    def count_cells(self, record: bytes) -> int:
        """Return how many cells one record has."""
        if b'"' in record:
            return len(self.split_cells(record))
        return record.count(self.separator) + 1

    def split_cells(self, record: bytes) -> list[bytes]:
        """Return the cells of one record, without their quotes."""
        pattern, cells, at = self.cell_pattern(), [], 0
        while at <= len(record) and (found := pattern.match(record, at)):
            cell = found[0]
            if re.fullmatch(QUOTED_CELL, cell):
                cell = cell.strip(b" ")[1:-1].replace(b'""', b'"')
            cells.append(cell)
            at = found.end() + 1
        return cells


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """A text and how it is set."""

    file: str  # its name, for messages
    content: bytes  # UTF-8 with doubled quotes
    grammar: CsvGrammar  # what its records look like
    start: int  # where its first record (the header, if it has one) starts
    detected: dict[str, str]  # what was found out
    # Of a piece of a file: the bytes and lines before it, and whether the file ends with it.
    bytes_before: int = 0
    lines_before: int = 0
    is_last: bool = True

    @property
    def header_row(self) -> int:
        """The physical row on which it starts."""
        return 1 + self.line(self.start)

    def line(self, at: int) -> int:
        """Return the physical line of a place, the first of the file being 0."""
        return self.lines_before + count_lines(self.content, 0, at)


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """The records of a text, or of a piece of it."""

    text: DelimitedText
    records: Records  # all that are sound
    faults: Sequence[RejectedRecord]  # what is wrong with the others
    plain: int  # up to where every quote is in place
    end: int  # where the last of them ends, with its line end


def find_records(text: DelimitedText, names: Sequence[str]) -> FoundRecords:
    """Return all records from the start of a text on.

    Of a piece that is not the last, a record to which the next bytes may belong is left out.
    """
    sound, reached = split_records(text.content, text.grammar.separator, text.start, text.file)
    sound["line"] += text.line(text.start)
    if reached < len(text.content):
        more, faults, end = _walk_lines(text, reached, names)
        return FoundRecords(text, np.append(sound, np.array(more, RECORD)), faults, reached, end)
    if not text.is_last and len(sound):
        return FoundRecords(text, sound[:-1], (), reached, int(sound["start"][-1]))
    return FoundRecords(text, sound, (), reached, reached)


def _walk_lines(
    text: DelimitedText, at: int, names: Sequence[str]
) -> tuple[list[tuple[int, int, int, int]], list[RejectedRecord], int]:
    """Return the sound records, those that are none, and where the last of them ends."""
    content, grammar, pattern = text.content, text.grammar, text.grammar.record_pattern()
    records, faults, line = [], list[RejectedRecord](), text.line(at)
    while at < len(content):
        found = pattern.match(content, at)
        try:
            fault, end = (None, found.end()) if found else find_fault(text, at, line, names)
        except UnreadableFileError:  # a quote that is not closed, or only not here
            if text.is_last:
                raise
            break
        after = LINE_BREAK.match(content, end)
        stop = after.end() if after else end + 1
        if not text.is_last and (stop >= len(content) or _opens_quote(text, at, end)):
            break
        if fault is not None:
            faults.append(fault)
        else:
            records.append((at, end, grammar.count_cells(content[at:end]), line))
        line += count_lines(content, at, min(stop, len(content)))
        at = stop
    return records, faults, min(at, len(content))


def _opens_quote(text: DelimitedText, at: int, end: int) -> bool:
    """Return whether a stray quote of a record may be one that only a later piece closes."""
    if not text.grammar.keeps_stray_quotes or b'"' not in text.content[at:end]:
        return False
    cell, quoted = text.grammar.cell_pattern(), re.compile(QUOTED_CELL)
    while at <= end and (found := cell.match(text.content, at)):
        if found[0].lstrip(b" ").startswith(b'"'):
            closed = quoted.match(text.content, at)
            if closed is None or closed.end() == len(text.content):
                return True
        at = found.end() + 1
    return False


def find_fault(
    text: DelimitedText, start: int, line: int, names: Sequence[str]
) -> tuple[RejectedRecord, int]:
    """Return what is wrong with the record that starts here, and where it ends."""
    content, at, cell, one = text.content, start, 0, text.grammar.cell_pattern()
    while found := one.match(content, at):
        at, cell = found.end() + 1, cell + 1
    found_end = LINE_BREAK.search(content, at)
    end = found_end.start() if found_end else len(content)
    if content[at:end].lstrip(b" ").startswith(b'"'):
        closed = re.compile(QUOTED_CELL).match(content, at)
        if closed is None or closed.end() > end:
            quoted = content[at:end].decode(errors="replace")[:80]
            column = names[cell] if cell < len(names) else str(cell + 1)
            raise UnreadableFileError(
                text.file,
                f"the quote that opens in column {column} ({quote_value(quoted)}) is never closed",
                "close it, or copy the file again if it was cut off.",
                row=1 + text.line(at),
                column=column,
                value=quoted,
            )
    value = content[start:end].decode(errors="replace")
    column = names[min(cell, len(names) - 1)] if names else str(cell + 1)
    return RejectedRecord(line + 1, column, value, "has a stray quote", STRAY_QUOTE_FIX), end


def split_records(
    content: bytes, separator: bytes, start: int = 0, file: str = ""
) -> tuple[Records, int]:
    """Return the records from a place on, up to the first that breaks the rules."""
    walk = _Walk(content, separator, start, file)
    ends, widths, seps, breaks = np.concatenate([np.zeros((4, 0), np.int64), *walk], axis=1)
    records = np.empty(len(ends), RECORD)
    records["start"] = np.append(start, ends + widths)[:-1]
    records["end"] = ends
    records["cells"] = np.diff(seps, prepend=0) + 1
    records["line"] = np.append(0, breaks)[:-1]
    if walk.broken_at is not None or walk.is_inside:
        limit = len(content) if walk.broken_at is None else walk.broken_at
        kept = records[ends < limit]
        return kept, int((ends + widths)[len(kept) - 1]) if len(kept) else start
    after, before, line = start, 0, 0
    if len(ends):
        after, before, line = int((ends + widths)[-1]), int(seps[-1]), int(breaks[-1])
    if after < len(content):  # the record that no line end closes
        last = (after, len(content), walk.separators - before + 1, line)
        records = np.append(records, np.array([last], RECORD))
    return records, len(content)


class Pieces:
    """The records of a text below its header, as often as they are wanted, piece by piece.

    `stream` holds the text from its byte `offset` on; `text` is its beginning, or all of it.
    """

    def __init__(
        self, stream: IO[bytes], offset: int, text: DelimitedText, after: int, names: Sequence[str]
    ) -> None:
        self._stream, self._offset = stream, offset
        self._first = replace(
            text, content=b"", start=0, bytes_before=after, lines_before=text.line(after)
        )
        self._names = names
        self._only: FoundRecords | None = None  # the one piece of a small text

    def __iter__(self) -> Iterator[FoundRecords]:
        """Yield what is found in each piece."""
        if self._only is not None:
            yield self._only
            return
        piece, rest = self._first, b""
        while True:
            # Twice as much where no record ends: none is looked at too often.
            size = max(PIECE_BYTES, len(rest))
            self._stream.seek(self._offset + piece.bytes_before + len(rest))
            content = rest + self._stream.read(size + 1)
            is_last = len(content) <= len(rest) + size
            piece = replace(piece, content=content, is_last=is_last)
            found = find_records(piece, self._names)
            if is_last and piece.bytes_before == self._first.bytes_before:
                self._only = found
            yield found
            if is_last:
                return
            rest = content[found.end :]
            piece = replace(
                piece,
                bytes_before=piece.bytes_before + found.end,
                lines_before=piece.line(found.end),
            )


class _Walk:
    """One pass over a text, chunk by chunk, that remembers how many it has seen."""

    def __init__(self, content: bytes, separator: bytes, start: int, file: str) -> None:
        self.file = file
        self.codes = np.frombuffer(content, np.uint8)
        self.separator = separator[0]
        self.start = start
        self.content = content
        special = (self.separator, QUOTE_BYTE, CARRIAGE_RETURN, LINE_FEED)
        self.marks = bytes(code in special for code in range(256))
        self.is_special = np.frombuffer(self.marks, np.bool_)
        self.is_inside = 0  # 1 while a quote is open
        self.separators = 0
        self.breaks = 0
        self.broken_at: int | None = None

    def __iter__(self) -> Iterator[IndexArray]:
        """Yield end and width of each line end, and separators and breaks up to there."""
        short = 0
        for low in range(self.start, len(self.codes), CHUNK_BYTES):
            if self.broken_at is not None:
                return
            marked = self.content[low : low + CHUNK_BYTES].translate(self.marks)
            found = self._piece(np.flatnonzero(np.frombuffer(marked, np.bool_)) + low)
            short += found.shape[1] * (found.shape[1] * MIN_RECORD_BYTES > len(marked))
            if short > MAX_SHORT_RECORDS:
                raise LimitError(
                    f"{quote_value(self.file)} has more than {MAX_SHORT_RECORDS:,} lines that "
                    "are blank or of a few bytes.",
                    fix="remove the blank lines, or export it again.",
                    file=self.file,
                )
            yield found

    def _piece(self, places: IndexArray) -> IndexArray:
        kinds = self.codes[places]
        is_free = self._outside(places, kinds)
        is_return, is_feed = kinds == CARRIAGE_RETURN, kinds == LINE_FEED
        is_break = is_return | is_feed
        if is_return.any():
            before = self.codes[np.maximum(places - 1, 0)]
            is_break &= ~(is_feed & (before == CARRIAGE_RETURN) & (places > self.start))
        separators = np.cumsum(is_free & (kinds == self.separator)) + self.separators
        breaks = np.cumsum(is_break) + self.breaks
        if len(places):
            self.separators, self.breaks = int(separators[-1]), int(breaks[-1])
        is_end = is_break & is_free
        ends = places[is_end]
        after = self.codes[np.minimum(ends + 1, len(self.codes) - 1)]
        is_wide = is_return[is_end] & (after == LINE_FEED) & (ends + 1 < len(self.codes))
        return np.stack([ends, 1 + is_wide, separators[is_end], breaks[is_end]])

    def _outside(self, places: IndexArray, kinds: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """Return which marks are outside quotes; note the first misplaced quote."""
        is_quote = kinds == QUOTE_BYTE
        if not is_quote.any():
            return np.full(len(places), self.is_inside == 0)
        # A sum modulo 256 preserves odd and even.
        inside = (np.cumsum(is_quote, dtype=np.uint8) + self.is_inside) & 1
        opening = places[is_quote & (inside == 1)]
        closing = places[is_quote & (inside == 0)]
        before = self.codes[np.maximum(opening - 1, 0)]
        after = self.codes[np.minimum(closing + 1, len(self.codes) - 1)]
        bad_open = opening[~self.is_special[before] & (opening > self.start)]
        bad_close = closing[~self.is_special[after] & (closing + 1 < len(self.codes))]
        wrong = [int(places[0]) for places in (bad_open, bad_close) if len(places)]
        self.broken_at = min(wrong, default=None)
        self.is_inside = int(inside[-1])
        outside: npt.NDArray[np.bool_] = (inside == 0) & ~is_quote
        return outside
