"""The dialect of a text: its header, its separator and its quotes.

Every choice is proven by the lines themselves, or named by the layout; where two
readings fit, the error shows both.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from segpredict.config.source import WHITESPACE, SourceOptions
from segpredict.data.readers._columns import count_recognised
from segpredict.data.readers._decode import count_lines_before
from segpredict.data.readers._records import split_records
from segpredict.data.readers._repair import CsvGrammar, has_sound_quotes
from segpredict.errors import LimitError, SourceError, UnreadableFileError, quote_value

SEPARATORS = (b",", b";", b"\t", b"|")
INSPECTED_ROWS = 1000  # lines that decide on the separator
INSPECTED_BYTES = 1 << 20  # bytes in which they must be
MAX_COLUMNS = 2000  # columns
SEPARATOR_LINE = re.compile(rb'"?sep=(.)"?[ ,;\t]*(?:\r\n?|\n)', re.IGNORECASE)
LINE_PATTERN = re.compile(rb"[^\r\n]*(?:\r\n?|\n|\Z)")
ESCAPED_CELL = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
ESCAPE_PAIR = re.compile(rb'\\(["\\])')
ESCAPE_REPLACEMENTS = {b'\\"': b'""', b"\\\\": b"\\"}


@dataclass(frozen=True, slots=True)
class DelimitedText:
    """A text and how it is set."""

    content: bytes  # UTF-8 with doubled quotes
    grammar: CsvGrammar  # what its records look like
    start: int  # where its first record (the header, if it has one) starts
    line: int  # on which physical line that is, from 0
    detected: dict[str, str]  # what was found out


def detect_dialect(content: bytes, layout: SourceOptions, file: str) -> DelimitedText:
    """Return a text with its separator, escapes and start."""
    start, separator, found = _preface(content, layout)
    if layout.separator is None and separator is None:
        separator = _separator(content, start, layout, file)
    elif layout.separator is not None:
        separator = layout.separator.encode()
    assert separator is not None
    found["separator"] = separator.decode()
    if separator == WHITESPACE.encode():
        content, start = _aligned(content, start)
        separator = b"\t"
    content, escape = _escapes(content, separator, start, layout, file)
    found |= escape
    grammar = CsvGrammar(separator, layout.stray_quotes == "keep")
    return DelimitedText(content, grammar, start, count_lines_before(content, start), found)


def _preface(content: bytes, layout: SourceOptions) -> tuple[int, bytes | None, dict[str, str]]:
    """Return where the table starts, and the separator if the file names it."""
    at, separator, found = 0, None, {}
    named = SEPARATOR_LINE.match(content)
    if named:
        at, separator = named.end(), named[1]
        found["first_line"] = "names the separator"
    if layout.header_row:
        at = 0
        for _ in range(layout.header_row - 1):
            at = _next_line(content, at)
        return at, separator, found
    prefix = (layout.comment_prefix or "#").encode()
    comments = 0
    while at < len(content):
        line = content[at : _next_line(content, at)].strip()
        if line and not line.startswith(prefix):
            break
        comments += bool(line)
        at = _next_line(content, at)
    if comments:
        found["comments_skipped"] = str(comments)
    return at, separator, found


def _next_line(content: bytes, at: int) -> int:
    found = LINE_PATTERN.match(content, at)
    return found.end() if found else len(content)


def _separator(content: bytes, start: int, layout: SourceOptions, file: str) -> bytes:
    sample = _sample(content, start)
    if not sample.strip():
        raise UnreadableFileError(file, "it has no header", "export it again.")
    scores = {separator: _score(sample, separator) for separator in SEPARATORS}
    rivals = [separator for separator in SEPARATORS if scores[separator] > 0]
    best = max(scores.values())
    fitting = [separator for separator in rivals if scores[separator] > max(0.5, best - 0.05)]
    if len(rivals) == 1:
        return rivals[0]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return _by_names(sample, fitting, layout, file)
    if not rivals and _is_aligned(sample):
        return WHITESPACE.encode()
    raise UnreadableFileError(
        file,
        "no separator parts its lines alike (comma, semicolon, tab and bar were tried)",
        "name it: --set source.separator=';'.",
    )


def _sample(content: bytes, start: int) -> bytes:
    part = content[start : start + INSPECTED_BYTES]
    if len(part) == INSPECTED_BYTES:
        part = part[: max(part.rfind(b"\n"), part.rfind(b"\r")) + 1] or part
    end = 0
    for _ in range(INSPECTED_ROWS):
        end = _next_line(part, end)
        if end >= len(part):
            break
    return part[:end]


def _score(sample: bytes, separator: bytes) -> float:
    """Return the share of lines that have as many cells as the header; 0 if it has one.

    A header that is followed by rows of another width alone scores next to nothing.
    """
    records, _ = split_records(sample, separator)
    full = records.filter_records(records.ends > records.starts)
    if len(full) == 0:
        first = sample.splitlines()[0]
        return 0.01 if separator in first else 0.0
    width = full.cell_counts[0]
    if width < 2:
        return 0.0
    rows = full.cell_counts[1:]
    if len(rows) == 0:
        return 1.0
    shares = [float(np.mean(rows == near)) for near in (width, width + 1, width - 1)]
    is_even = shares[1] == 1 or (shares[2] == 1 and width > 2)
    return max(shares[0], 0.9 if is_even else 0.01)


def _by_names(sample: bytes, fitting: list[bytes], layout: SourceOptions, file: str) -> bytes:
    """Let the names of the columns decide between separators that fit alike."""
    header = sample.splitlines()[0]
    names = {
        separator: [name.decode() for name in CsvGrammar(separator).split_cells(header)]
        for separator in fitting
    }
    recognised = [separator for separator in fitting if count_recognised(names[separator], layout)]
    if len(recognised) == 1:
        return recognised[0]
    readings = "; ".join(
        f"{quote_value(separator.decode())} gives {len(names[separator])} columns "
        f"({', '.join(map(quote_value, names[separator][:4]))})"
        for separator in fitting
    )
    raise SourceError(
        f"More than one separator fits {quote_value(file)}: {readings}.",
        fix=f"say which: --set source.separator='{fitting[0].decode()}'.",
        file=file,
    )


def _is_aligned(sample: bytes) -> bool:
    counts = [len(line.split()) for line in sample.splitlines() if line.strip()]
    alike = sum(count == counts[0] for count in counts)
    return counts[0] > 1 and alike > 0.9 * len(counts)


def _aligned(content: bytes, start: int) -> tuple[bytes, int]:
    """Return aligned text with one tab between its cells; lines stay where they are."""
    lines = content[start:].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    bare = b"\n".join(b"\t".join(line.split()) for line in lines)
    return content[:start] + bare, start


def _escapes(
    content: bytes, separator: bytes, start: int, layout: SourceOptions, file: str
) -> tuple[bytes, dict[str, str]]:
    """Return the content with doubled quotes, whatever way it was written."""
    has_backslash = b"\\" in content and b'\\"' in content  # one character is found faster
    if layout.quote_escape == "double" or not has_backslash:
        return content, {}
    doubled = content[:start] + _doubled(content[start:])
    found = {"escape": "backslash"}
    if layout.quote_escape == "backslash":
        return doubled, found
    as_it_is = has_sound_quotes(content, separator, start)
    as_escaped = _fits_escaped(content, separator, start)
    if as_it_is and as_escaped:
        _refuse_both(content, start, file)
    return (doubled, found) if as_escaped else (content, {})


def _fits_escaped(content: bytes, separator: bytes, start: int) -> bool:
    """Return whether every quote is in place if backslashes are escapes."""
    escaped = re.escape(separator)
    cell = rb'(?:"(?:[^"\\]|\\.)*+"|[^"\r\n' + escaped + rb"]*+)"
    record = re.compile(cell + rb"(?:" + escaped + cell + rb")*+(?:\r\n?|\n|\Z)", re.DOTALL)
    while start < len(content):
        found = record.match(content, start)
        if found is None:
            return False
        start = found.end()
    return True


def _doubled(content: bytes) -> bytes:
    return ESCAPED_CELL.sub(
        lambda cell: (
            b'"' + ESCAPE_PAIR.sub(lambda m: ESCAPE_REPLACEMENTS[m[0]], cell[0][1:-1]) + b'"'
        ),
        content,
    )


def _refuse_both(content: bytes, start: int, file: str) -> NoReturn:
    at = content.index(b'\\"', start)
    begin = content.rfind(b"\n", 0, at) + 1
    line = LINE_PATTERN.match(content, begin)
    text = line[0].strip().decode(errors="replace") if line else ""
    row = 1 + count_lines_before(content, begin)
    raise SourceError(
        f"{quote_value(file)} row {row}: {quote_value(text)} can be read in two ways: the quote "
        "after the backslash ends the cell (escape = double), or belongs to it "
        "(escape = backslash).",
        fix="say which: --set source.quote_escape=double, or backslash.",
        file=file,
        row=row,
        value=text[:80],
    )


def refuse_too_wide(width: int, file: str) -> None:
    """Refuse a header of more columns than any table of transactions has."""
    if width > MAX_COLUMNS:
        raise LimitError(
            f"{quote_value(file)} has {width} columns; the limit is {MAX_COLUMNS}.",
            fix="export the columns that are needed.",
            file=file,
        )
