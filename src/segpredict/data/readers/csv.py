"""Text with a header: comma, semicolon, tab, bar or aligned; plain or packed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from segpredict.config.source import SourceOptions
from segpredict.data.readers._decode import decode_to_utf8
from segpredict.data.readers._dialect import DelimitedText, detect_dialect
from segpredict.data.readers._header import read_header, refuse_missing_header
from segpredict.data.readers._reader import FileReader, RejectedRecord, SourceTable
from segpredict.data.readers._records import CARRIAGE_RETURN, LINE_FEED, RecordIndex
from segpredict.data.readers._repair import About, RecordFault, parse_records
from segpredict.data.readers._rows import split_rows
from segpredict.data.readers._unpack import unpack_file
from segpredict.errors import UnreadableFileError


def parse_cells(
    text: DelimitedText, records: RecordIndex, names: tuple[str, ...], is_plain: int
) -> pl.DataFrame:
    """Return one text column a name; empty cells are null.

    Polars is only trusted when it finds as many rows as were counted before; otherwise the cells
    are taken out one by one.
    """
    schema = dict.fromkeys(names, pl.String())
    if len(records) == 0:
        return pl.DataFrame(schema=schema)
    try:
        frame = pl.read_csv(
            _body(text, records, is_plain),
            separator=text.grammar.separator.decode(),
            has_header=False,
            schema=schema,
            infer_schema=False,
            glob=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _one_by_one(text, records, schema)
    return frame if frame.height == len(records) else _one_by_one(text, records, schema)


def _one_by_one(
    text: DelimitedText, records: RecordIndex, schema: dict[str, pl.String]
) -> pl.DataFrame:
    rows = [
        [cell.decode() or None for cell in text.grammar.split_cells(text.content[start:end])]
        for start, end in zip(records.starts, records.ends, strict=True)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _body(text: DelimitedText, records: RecordIndex, plain: int) -> bytes:
    """Return the rows alone, every line end LF and every quote doubled."""
    head = records.filter_records(records.starts < plain)
    tail = records.filter_records(records.starts >= plain)
    parts = [_plain(text.content, head)] if len(head) else []
    for start, end in zip(tail.starts, tail.ends, strict=True):
        record = text.content[start:end]
        parts.append(_spelled(text, record) if b'"' in record else record)
    return b"\n".join(parts)


def _spelled(text: DelimitedText, record: bytes) -> bytes:
    quoted = (cell.replace(b'"', b'""') for cell in text.grammar.split_cells(record))
    return text.grammar.separator.join(b'"' + cell + b'"' for cell in quoted)


def _plain(content: bytes, records: RecordIndex) -> bytes:
    first, last = int(records.starts[0]), int(records.ends[-1])
    gaps = records.starts[1:] - records.ends[:-1]
    returns = content.count(b"\r", first, last)
    if returns == 0 and (gaps == 1).all():
        return content[first:last]
    codes = np.frombuffer(content, np.uint8)
    ends = records.ends[:-1]
    if returns == len(gaps) and (gaps == 2).all() and (codes[ends] == CARRIAGE_RETURN).all():
        return content[first:last].replace(b"\r\n", b"\n")
    return _picked(codes, records)


def _picked(codes: npt.NDArray[np.uint8], records: RecordIndex) -> bytes:
    """Return the records alone, without what is between them."""
    steps = np.zeros(len(codes) + 2, np.int8)
    steps[records.starts] += 1
    steps[records.ends + 1] -= 1
    keeps = np.cumsum(steps[: len(codes)], dtype=np.int8) > 0
    picked = codes.copy()
    picked[records.ends[:-1]] = LINE_FEED
    keeps[records.ends[-1] :] = False
    return picked[keeps].tobytes()


MIN_BROKEN_RECORDS = 10  # broken records that say nothing yet about the whole file


def _read(path: Path, layout: SourceOptions) -> SourceTable:
    file = str(path)
    content, packing, sha256 = unpack_file(path, layout)
    content, coding = decode_to_utf8(content, layout.encoding, file)
    text = detect_dialect(content, layout, file)
    head = read_header(text, layout, file)
    about = About(file, head.names)
    whole, stray, plain = parse_records(text.content, text.grammar, head.after, about)
    refuse_missing_header(head.names, _first(text, whole), layout, file)
    rows = split_rows(text, whole, head, layout, file)
    faults = sorted([*stray, *rows.faults], key=lambda fault: fault.line)
    _refuse_most(faults, len(rows.records), file)
    frame = parse_cells(text, rows.records, rows.names, plain)
    numbers = pl.Series("row", rows.records.line_numbers + 1, dtype=pl.Int64)
    is_row = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    found = {"format": "csv", **coding, **text.detected, **packing, **rows.detected}
    if not is_row.all():
        found["rows_without_any_cell"] = str((~is_row).sum())
        frame, numbers = frame.filter(is_row), numbers.filter(is_row)
    rejects = tuple(_reject(fault, head.names) for fault in faults)
    return SourceTable(frame, numbers, sha256, found, rejects)


def _first(text: DelimitedText, whole: RecordIndex) -> list[str]:
    """Return the cells of the first record that is not empty."""
    filled = np.flatnonzero(whole.ends > whole.starts)
    if len(filled) == 0:
        return []
    i = filled[0]
    record = text.content[whole.starts[i] : whole.ends[i]]
    return [cell.decode() for cell in text.grammar.split_cells(record)]


def _refuse_most(faults: Sequence[RecordFault], sound: int, file: str) -> None:
    if len(faults) > max(MIN_BROKEN_RECORDS, sound):
        first = faults[0]
        raise UnreadableFileError(
            file,
            f"its rows do not fit its header: {len(faults)} of {sound + len(faults)} "
            f"are broken; the first {first.reason}",
            "check source.separator, source.header_row and the quotes of the file.",
            row=first.line + 1,
            value=first.value[:80],
            count=len(faults),
        )


def _reject(fault: RecordFault, names: Sequence[str]) -> RejectedRecord:
    column = names[min(fault.cell, len(names) - 1)]
    return RejectedRecord(fault.line + 1, column, fault.value, fault.reason, fault.fix)


PART = FileReader(
    "csv",
    (
        ".csv",
        ".tsv",
        ".txt",
        *(".csv" + end for end in (".gz", ".zst", ".zip")),
        ".zip",
    ),
    _read,
)
