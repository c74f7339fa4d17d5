"""Text with a header: comma, semicolon, tab, bar or aligned; plain or packed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from segpredict.errors import UnreadableFileError
from segpredict.sources._body import cells
from segpredict.sources._decode import to_utf8
from segpredict.sources._dialect import Text, understand
from segpredict.sources._header import heading, refuse_no_header
from segpredict.sources._layout import Layout
from segpredict.sources._mend import Fault, records
from segpredict.sources._records import Records
from segpredict.sources._rows import sort_out
from segpredict.sources._source import Reject, Source, Table, digest
from segpredict.sources._unpack import unpack

FEW = 10  # broken records that say nothing yet about the whole file


def _read(path: Path, layout: Layout) -> Table:
    file = str(path)
    content, packing = unpack(path, layout)
    content, coding = to_utf8(content, layout.encoding, file)
    text = understand(content, layout, file)
    head = heading(text, layout, file)
    about = (file, head.names)
    whole, stray, plain = records(text.content, text.grammar, head.after, about)
    refuse_no_header(head.names, _first(text, whole), layout, file)
    rows = sort_out(text, whole, head, layout, file)
    faults = sorted([*stray, *rows.faults], key=lambda fault: fault.line)
    _refuse_most(faults, len(rows.records), file)
    frame = cells(text, rows.records, rows.names, plain)
    numbers = pl.Series("row", rows.records.lines + 1, dtype=pl.Int64)
    is_row = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    found = {"format": "csv", **coding, **text.found, **packing, **rows.found}
    if not is_row.all():
        found["rows_without_any_cell"] = str((~is_row).sum())
        frame, numbers = frame.filter(is_row), numbers.filter(is_row)
    rejects = tuple(_reject(fault, head.names) for fault in faults)
    return Table(frame, numbers, digest(path), found, rejects)


def _first(text: Text, whole: Records) -> list[str]:
    """Return the cells of the first record with as much as a sign in it."""
    filled = np.flatnonzero(whole.ends > whole.starts)
    if len(filled) == 0:
        return []
    i = filled[0]
    record = text.content[whole.starts[i] : whole.ends[i]]
    return [cell.decode() for cell in text.grammar.cells(record)]


def _refuse_most(faults: Sequence[Fault], sound: int, file: str) -> None:
    if len(faults) > max(FEW, sound):
        first = faults[0]
        raise UnreadableFileError(
            file,
            f"its rows do not fit its header: {len(faults)} of {sound + len(faults)} "
            f"are broken; the first {first.reason}",
            "check source.separator, source.header and the quotes of the file.",
            row=first.line + 1,
            value=first.value[:80],
            count=len(faults),
        )


def _reject(fault: Fault, names: Sequence[str]) -> Reject:
    column = names[min(fault.cell, len(names) - 1)]
    return Reject(fault.line + 1, column, fault.value, fault.reason, fault.fix)


PART = Source(
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
