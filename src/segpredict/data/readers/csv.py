"""Text with a header: comma, semicolon, tab, bar or aligned; plain or packed.

Its dialect (header, separator, quotes) is proven by the lines themselves, or named by the layout;
where two readings fit, the error shows both.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import IO

import numpy as np
import polars as pl

from segpredict.config.source import WHITESPACE, SourceOptions
from segpredict.data.readers._columns import count_recognised
from segpredict.data.readers._plain_text import find_plain_text
from segpredict.data.readers._reader import ROW, FileReader, RejectedRecord, SourceTable
from segpredict.data.readers._records import (
    CARRIAGE_RETURN,
    CsvGrammar,
    DelimitedText,
    Pieces,
    Records,
    split_records,
)
from segpredict.data.readers._rows import (
    TableSurvey,
    read_header,
    refuse_missing_header,
    split_rows,
    unlike_header,
)
from segpredict.data.readers._spool import RowSpool
from segpredict.data.readers._unpack import (
    count_lines,
    decode_to_utf8,
    open_unchanged,
    unpack_file,
)
from segpredict.errors import SourceError, UnreadableFileError, quote_value

SEPARATORS = (b",", b";", b"\t", b"|")
INSPECTED_ROWS = 1000  # lines that decide on the separator
INSPECTED_BYTES = 1 << 20  # bytes in which they must be
SEPARATOR_LINE = re.compile(rb'"?sep=(.)"?[ ,;\t]*(?:\r\n?|\n)', re.IGNORECASE)
LINE_PATTERN = re.compile(rb"[^\r\n]*(?:\r\n?|\n|\Z)")
ESCAPED_CELL = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
ESCAPE_PAIR = re.compile(rb'\\(["\\])')
ESCAPE_REPLACEMENTS = {b'\\"': b'""', b"\\\\": b"\\"}
ROWS_AT_ONCE = 500_000  # rows of which cells are taken out at a time
MIN_BROKEN_RECORDS = 10  # broken records that say nothing yet about the whole file


def detect_dialect(content: bytes, layout: SourceOptions, file: str) -> DelimitedText:
    """Return a text with its separator, escapes and start."""
    start, named, found = _preface(content, layout)
    separator = layout.separator.encode() if layout.separator is not None else named
    if separator is None:
        separator = _separator(content, start, layout, file)
    found["separator"] = separator.decode()
    if separator == WHITESPACE.encode():
        content, separator = _aligned(content, start), b"\t"
    content, escape = _escapes(content, separator, start, layout, file)
    grammar = CsvGrammar(separator, layout.stray_quotes == "keep")
    return DelimitedText(file, content, grammar, start, found | escape)


def _preface(content: bytes, layout: SourceOptions) -> tuple[int, bytes | None, dict[str, str]]:
    """Return where the table starts, and the separator if the file names it."""
    found: dict[str, str] = {}
    named = SEPARATOR_LINE.match(content)
    at, separator = (named.end(), named[1]) if named else (0, None)
    if named:
        found["first_line"] = "names the separator"
    if layout.header_row:
        at = 0
        for _ in range(layout.header_row - 1):
            at = _next_line(content, at)
        return at, separator, found
    prefix = (layout.comment_prefix or "#").encode()
    comments = 0
    while at < len(content):
        after = _next_line(content, at)
        line = content[at:after].strip()
        if line and not line.startswith(prefix):
            break
        comments += bool(line)
        at = after
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
    scores = {s: score for s in SEPARATORS if (score := _score(sample, s)) > 0}
    best = max(scores.values(), default=0)
    fitting = [s for s, score in scores.items() if score > max(0.5, best - 0.05)]
    if len(scores) == 1 or len(fitting) == 1:
        return (fitting or list(scores))[0]
    if fitting:
        return _by_names(sample, fitting, layout, file)
    if not scores and _is_aligned(sample):
        return WHITESPACE.encode()
    reason = "no separator parts its lines alike (comma, semicolon, tab and bar were tried)"
    raise UnreadableFileError(file, reason, "name it: --set source.separator=';'.")


def _sample(content: bytes, start: int) -> bytes:
    part = content[start : start + INSPECTED_BYTES]
    if len(part) == INSPECTED_BYTES:
        part = part[: max(part.rfind(b"\n"), part.rfind(b"\r")) + 1] or part
    return b"".join(part.splitlines(keepends=True)[:INSPECTED_ROWS])


def _score(sample: bytes, separator: bytes) -> float:
    """Return the share of lines that have as many cells as the header; 0 if it has one.

    A header that is followed by rows of another width alone scores next to nothing.
    """
    records, _ = split_records(sample, separator)
    cells = records["cells"][records["end"] > records["start"]]
    if len(cells) == 0:
        return 0.01 if separator in sample.splitlines()[0] else 0.0
    width, rows = cells[0], cells[1:]
    if width < 2 or len(rows) == 0:
        return float(width >= 2)
    same, more, fewer = (float(np.mean(rows == near)) for near in (width, width + 1, width - 1))
    is_even = more == 1 or (fewer == 1 and width > 2)
    return max(same, 0.9 if is_even else 0.01)


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
    message = f"More than one separator fits {quote_value(file)}: {readings}."
    fix = f"say which: --set source.separator='{fitting[0].decode()}'."
    raise SourceError(message, fix=fix, file=file)


def _is_aligned(sample: bytes) -> bool:
    counts = [len(line.split()) for line in sample.splitlines() if line.strip()]
    alike = sum(count == counts[0] for count in counts)
    return counts[0] > 1 and alike > 0.9 * len(counts)


def _aligned(content: bytes, start: int) -> bytes:
    """Return aligned text with one tab between its cells; lines stay where they are."""
    lines = content[start:].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return content[:start] + b"\n".join(b"\t".join(line.split()) for line in lines)


def _escapes(
    content: bytes, separator: bytes, start: int, layout: SourceOptions, file: str
) -> tuple[bytes, dict[str, str]]:
    """Return the content with doubled quotes, whatever way it was written."""
    has_backslash = b"\\" in content and b'\\"' in content  # one character is found faster
    if layout.quote_escape == "double" or not has_backslash:
        return content, {}
    if layout.quote_escape is None:
        if not _fits_escaped(content, separator, start):
            return content, {}
        # It is sound as it is, too.
        if split_records(content, separator, start, file)[1] == len(content):
            raise _two_readings(content, start, file)
    doubled = ESCAPED_CELL.sub(_double_quotes, content[start:])
    return content[:start] + doubled, {"escape": "backslash"}


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


def _double_quotes(cell: re.Match[bytes]) -> bytes:
    bare = ESCAPE_PAIR.sub(lambda pair: ESCAPE_REPLACEMENTS[pair[0]], cell[0][1:-1])
    return b'"' + bare + b'"'


def _two_readings(content: bytes, start: int, file: str) -> SourceError:
    at = content.index(b'\\"', start)
    begin = content.rfind(b"\n", 0, at) + 1
    text = content[begin : _next_line(content, begin)].strip().decode(errors="replace")
    row = 1 + count_lines(content, 0, begin)
    message = (
        f"{quote_value(file)} row {row}: {quote_value(text)} can be read in two ways: the quote "
        "after the backslash ends the cell (escape = double), or belongs to it "
        "(escape = backslash)."
    )
    fix = "say which: --set source.quote_escape=double, or backslash."
    return SourceError(message, fix=fix, file=file, row=row, value=text[:80])


def _read(path: Path, layout: SourceOptions) -> SourceTable:
    with open_unchanged(path, layout) as stream:
        plain = find_plain_text(stream, str(path), layout)
        # Its beginning alone has to say how it is read.
        if plain is not None and _is_told(plain.start, layout):
            text = detect_dialect(plain.start, layout, str(path))
            if text.content is plain.start:
                coding = {"encoding": plain.encoding}
                table = _table(stream, plain.offset, text, coding, layout)
                return replace(table, sha256=plain.sha256)
    content, packing, sha256 = unpack_file(path, layout)
    content, coding = decode_to_utf8(content, layout.encoding, str(path))
    text = detect_dialect(content, layout, str(path))
    table = _table(io.BytesIO(text.content), 0, text, coding, layout, packing)
    return replace(table, sha256=sha256)


def _is_told(beginning: bytes, layout: SourceOptions) -> bool:
    """Return whether header and inspected lines are in the beginning of a text."""
    return _preface(beginning, layout)[0] + 2 * INSPECTED_BYTES < len(beginning)


def _table(
    stream: IO[bytes],
    offset: int,
    text: DelimitedText,
    coding: Mapping[str, str],
    layout: SourceOptions,
    packing: Mapping[str, str] = MappingProxyType({}),
) -> SourceTable:
    """Return the table of a text that `stream` holds from its byte `offset` on."""
    head = read_header(text, layout)
    pieces, survey = Pieces(stream, offset, text, head.after, head.names), TableSurvey(head, layout)
    for piece in pieces:
        survey.add(piece)
    refuse_missing_header(head.names, survey.first, layout, text.file)
    facts = survey.facts(text.file, text.header_row)
    spool, faults, sound, empty = RowSpool(), list[RejectedRecord](), 0, 0
    for piece in pieces:
        records, broken = split_rows(piece, facts, head, layout)
        faults += [*piece.faults, *broken]
        frame = parse_cells(piece.text, records, facts.names, piece.plain)
        numbers = pl.Series(ROW, records["line"] + 1, dtype=pl.Int64)
        is_row = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
        frame = frame.with_columns(numbers)
        sound, empty = sound + len(records), empty + int((~is_row).sum())
        spool.add(frame if is_row.all() else frame.filter(is_row))
    faults.sort(key=lambda fault: fault.row)
    _refuse_most(faults, sound, text.file)
    found = {"format": "csv", **coding, **text.detected, **packing, **facts.detected}
    if empty:
        found["rows_without_any_cell"] = str(empty)
    frame, store = spool.finish()
    return SourceTable(
        frame.drop(ROW),
        frame[ROW].alias("row"),
        "",
        found,
        tuple(faults),
        on_disk=None if store is None else store.scan(),
        keeper=store,
    )


def _refuse_most(faults: Sequence[RejectedRecord], sound: int, file: str) -> None:
    if len(faults) > max(MIN_BROKEN_RECORDS, sound):
        raise unlike_header(file, faults[0], len(faults), sound + len(faults))


def parse_cells(
    text: DelimitedText, records: Records, names: tuple[str, ...], is_plain: int
) -> pl.DataFrame:
    """Return one text column a name; empty cells are null.

    Polars is only trusted when it finds as many rows as were counted before; otherwise the cells
    are taken out one by one.
    """
    schema = dict.fromkeys(names, pl.String())
    parts = [records[i : i + ROWS_AT_ONCE] for i in range(0, len(records), ROWS_AT_ONCE)]
    found = [_parse_part(text, part, schema, is_plain) for part in parts]
    return pl.concat(found) if found else pl.DataFrame(schema=schema)


def _parse_part(
    text: DelimitedText, records: Records, schema: dict[str, pl.String], is_plain: int
) -> pl.DataFrame:
    body = _body(text, records, is_plain)
    try:
        frame = pl.read_csv(
            body,
            separator=text.grammar.separator.decode(),
            has_header=False,
            schema=schema,
            infer_schema=False,
            glob=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        frame = pl.DataFrame()
    if frame.height == len(records):
        # A cell of two quotes is empty as well.
        return frame.select(pl.when(pl.all() != "").then(pl.all())) if b'""' in body else frame
    rows = [
        [cell.decode() or None for cell in text.grammar.split_cells(text.content[start:end])]
        for start, end in records[["start", "end"]].tolist()
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _body(text: DelimitedText, records: Records, plain: int) -> bytes:
    """Return the rows alone, every line end LF and every quote doubled."""
    is_plain = records["start"] < plain
    parts = [_plain(text.content, records[is_plain])] if is_plain.any() else []
    for start, end in records[["start", "end"]][~is_plain].tolist():
        record = text.content[start:end]
        if b'"' in record:
            quoted = (cell.replace(b'"', b'""') for cell in text.grammar.split_cells(record))
            record = text.grammar.separator.join(b'"' + cell + b'"' for cell in quoted)
        parts.append(record)
    return b"\n".join(parts)


def _plain(content: bytes, records: Records) -> bytes:
    starts, ends = records["start"], records["end"]
    first, last = int(starts[0]), int(ends[-1])
    gaps = starts[1:] - ends[:-1]
    returns = content.count(b"\r", first, last)
    if returns == 0 and (gaps == 1).all():
        return content[first:last]
    codes = np.frombuffer(content, np.uint8)
    if returns == len(gaps) and (gaps == 2).all() and (codes[ends[:-1]] == CARRIAGE_RETURN).all():
        return content[first:last].replace(b"\r\n", b"\n")
    return b"\n".join([content[start:end] for start, end in records[["start", "end"]].tolist()])


SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".csv.zst", ".csv.zip", ".zip")
PART = FileReader(SUFFIXES, _read)
