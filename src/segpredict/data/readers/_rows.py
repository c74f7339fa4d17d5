"""From records to a frame: which records are rows, and what is wrong with the rest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segpredict.config.source import SourceOptions
from segpredict.core.arrays import BoolArray
from segpredict.data.readers._dialect import DelimitedText
from segpredict.data.readers._header import HeaderRow, is_unnamed
from segpredict.data.readers._records import RecordIndex
from segpredict.data.readers._repair import RecordFault
from segpredict.errors import LimitError, UnreadableFileError, quote_value

MAX_FOOTER_LINES = 10  # lines after the table that are no rows of it
MAX_RECORD_BYTES = 16 << 20  # bytes of one record


@dataclass(frozen=True, slots=True)
class ParsedRows:
    """The rows of a text, and what is none."""

    records: RecordIndex  # rows, all of as many cells as there are names
    names: tuple[str, ...]  # names of their cells
    faults: tuple[RecordFault, ...]  # records that are no rows
    detected: dict[str, str]  # how many records were left out without loss, and what else was seen


def split_rows(
    text: DelimitedText, records: RecordIndex, heading: HeaderRow, layout: SourceOptions, file: str
) -> ParsedRows:
    """Part rows from blank lines, repeated headers, comments and broken records."""
    _refuse_too_long(records, file)
    content = text.content
    blank = _picked(records.cell_counts == 1, records, content, lambda r: not r.strip())
    twice = (records.ends - records.starts == len(heading.raw)) & bool(heading.raw)
    again = _picked(twice, records, content, lambda r: r == heading.raw)
    remark = np.zeros(len(records), np.bool_)
    if layout.comment_prefix:
        prefix = layout.comment_prefix.encode()
        remark = _picked(~remark, records, content, lambda r: r.startswith(prefix))
    footer = _footer(records, blank, len(heading.names))
    found = _counts(blank_lines=blank, repeated_headers=again, comments=remark, footer_lines=footer)
    records = records.filter_records(~(blank | again | remark | footer))
    names = _names(records, heading, text, file)
    nul = _with_nul(content, records)
    ragged = (records.cell_counts != len(names)) & ~nul
    if len(records) and ragged[-1] and _is_cut(records, content):
        if not layout.allow_truncated:
            raise _cut(text, records, names, file)
        found["truncated"] = "the last row was cut off and left out"
        records = records.filter_records(np.arange(len(records)) < len(records) - 1)
        nul, ragged = nul[:-1], ragged[:-1]
    faults = [_nul_fault(text, records, i) for i in np.flatnonzero(nul).tolist()]
    faults += [_ragged_fault(text, records, i, names) for i in np.flatnonzero(ragged).tolist()]
    return ParsedRows(records.filter_records(~nul & ~ragged), names, tuple(faults), found)


def _refuse_too_long(records: RecordIndex, file: str) -> None:
    sizes = records.ends - records.starts
    if len(sizes) and sizes.max() > MAX_RECORD_BYTES:
        i = int(sizes.argmax())
        raise LimitError(
            f"{quote_value(file)} row {records.line_numbers[i] + 1} has {sizes[i]} bytes "
            f"from byte {records.starts[i]} on; the limit is {MAX_RECORD_BYTES}.",
            fix="check that the file has line ends and that its quotes are closed.",
            file=file,
            row=int(records.line_numbers[i] + 1),
        )


def _picked(
    candidates: BoolArray, records: RecordIndex, content: bytes, fits: Callable[[bytes], bool]
) -> BoolArray:
    mask = np.zeros(len(records), np.bool_)
    for i in np.flatnonzero(candidates):
        mask[i] = fits(content[records.starts[i] : records.ends[i]])
    return mask


def _footer(records: RecordIndex, blank: BoolArray, width: int) -> BoolArray:
    """Mark the last lines where they follow a blank line and are no rows of the table."""
    mask = np.zeros(len(records), np.bool_)
    whole = np.flatnonzero(records.cell_counts == width)
    start = int(whole[-1]) + 1 if len(whole) else len(records)
    below = mask.copy()
    below[start:] = True
    is_apart = start < len(records) and bool(blank[start])
    if width > 1 and is_apart and np.count_nonzero(below & ~blank) <= MAX_FOOTER_LINES:
        return below & ~blank
    return mask


def _counts(**masks: BoolArray) -> dict[str, str]:
    return {name: str(mask.sum()) for name, mask in masks.items() if mask.any()}


def _names(
    records: RecordIndex, heading: HeaderRow, text: DelimitedText, file: str
) -> tuple[str, ...]:
    """Return one name a cell, where all rows end in one separator more or less."""
    names = heading.names
    widths = np.unique(records.cell_counts)
    if len(widths) != 1 or widths[0] == len(names):
        return names
    width = int(widths[0])
    if all(is_unnamed(name) for name in names[width:]) and width < len(names):
        return names[:width]
    codes = np.frombuffer(text.content, np.uint8)
    is_bare = codes[records.ends - 1] == text.grammar.separator[0]
    if width == len(names) + 1 and is_bare.all():
        return (*names, f"column {width}")
    if width != len(names) and len(records) > 1:
        raise UnreadableFileError(
            file,
            f"all its {len(records)} rows have {width} cells, and its header has {len(names)}",
            "give every column a name (or set source.column_names), or check the separator.",
            row=text.line + 1,
        )
    return names


def _with_nul(content: bytes, records: RecordIndex) -> BoolArray:
    mask = np.zeros(len(records), np.bool_)
    if b"\x00" in content:
        places = np.flatnonzero(np.frombuffer(content, np.uint8) == 0)
        owners = np.searchsorted(records.starts, places, side="right") - 1
        owners = owners[owners >= 0]
        mask[owners] = True
    return mask


def _is_cut(records: RecordIndex, content: bytes) -> bool:
    return bool(records.ends[-1] == len(content))


def _cut(
    text: DelimitedText, records: RecordIndex, names: tuple[str, ...], file: str
) -> UnreadableFileError:
    value = _value(text, records, -1)
    row = int(records.line_numbers[-1] + 1)
    cells = int(records.cell_counts[-1])
    return UnreadableFileError(
        file,
        f"the file may be cut off: its last row {quote_value(value)} has {cells} of "
        f"{len(names)} cells and no line end",
        "copy it again, or set source.allow_truncated = true to leave that row out.",
        row=row,
        column=names[min(cells, len(names)) - 1],
        value=value[:80],
    )


def _value(text: DelimitedText, records: RecordIndex, i: int) -> str:
    raw = text.content[records.starts[i] : records.ends[i]]
    return raw.decode(errors="replace")


def _nul_fault(text: DelimitedText, records: RecordIndex, i: int) -> RecordFault:
    raw = text.content[records.starts[i] : records.ends[i]]
    cell = raw[: raw.index(b"\x00")].count(text.grammar.separator)
    value = _value(text, records, i)
    fix = "export the row again; a NUL byte means that it was damaged."
    return RecordFault(int(records.line_numbers[i]), cell, value, "holds a NUL byte", fix)


def _ragged_fault(
    text: DelimitedText, records: RecordIndex, i: int, names: tuple[str, ...]
) -> RecordFault:
    width, cells = len(names), int(records.cell_counts[i])
    value = _value(text, records, i)
    if value.lstrip().startswith("#"):
        fix = "if it is a comment, set source.comment_prefix = '#'."
    elif cells < width:
        fix = "complete the row; write a missing value as an empty cell."
    else:
        fix = "write cells that hold the separator in quotes."
    reason = f"has {cells} cell{'s' * (cells > 1)} where the header has {width}"
    return RecordFault(int(records.line_numbers[i]), min(cells, width - 1), value, reason, fix)
