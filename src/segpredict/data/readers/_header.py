"""The names of the columns, and whether the first row holds names at all."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from segpredict.config.source import SourceOptions
from segpredict.data.readers._decode import LINE_BREAK
from segpredict.data.readers._dialect import DelimitedText, refuse_too_wide
from segpredict.data.readers._repair import About, find_fault
from segpredict.errors import ContractError, UnreadableFileError, quote_value

NUMBER_PATTERN = re.compile(r"[-+]?[$€£]?\s*[\d.,\s]*\d%?")
DATE_PATTERN = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
PERIOD_PATTERN = re.compile(
    r"((19|20)\d\d([-/. ]?(0?[1-9]|1[0-2]|q[1-4]|w\d\d?))?)"
    r"|((jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/. ]?((19|20)?\d\d)?)",
    re.IGNORECASE,
)
UNNAMED_PREFIX = "column "  # what a column without a name is called, with its number


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """What is above the rows."""

    names: tuple[str, ...]  # names of the columns
    raw: bytes  # the header as written in the file; empty if there is none
    after: int  # where the first row starts


def read_header(text: DelimitedText, layout: SourceOptions, file: str) -> HeaderRow:
    """Return the names of the columns, from the file or from the layout."""
    if layout.header_row == 0:
        return HeaderRow(unique_column_names(layout.column_names, file), b"", text.start)
    found = text.grammar.record_pattern().match(text.content, text.start)
    if found is None:
        fault, _ = find_fault(text.content, text.grammar, text.start, text.line, About(file, ()))
        raise UnreadableFileError(
            file,
            f"its header {quote_value(fault.value)} {fault.reason}",
            fault.fix,
            row=text.line + 1,
            value=fault.value[:80],
        )
    if b"\x00" in found[0]:
        raise UnreadableFileError(
            file, "it is a binary file (NUL bytes in its header)", "export it as CSV."
        )
    cells = [cell.decode() for cell in text.grammar.split_cells(found[0])]
    refuse_too_wide(len(cells), file)
    end = LINE_BREAK.match(text.content, found.end())
    after = end.end() if end else found.end()
    names = unique_column_names(layout.column_names or cells, file)
    return HeaderRow(names, found[0], after)


def unique_column_names(cells: Sequence[str], file: str) -> tuple[str, ...]:
    """Return the names of the columns; blank ones get a name of their own."""
    bare = [cell.strip() for cell in cells]
    places = defaultdict(list)
    for i, name in enumerate(bare, start=1):
        places[name].append(i)
    for name, standing in places.items():
        if name and len(standing) > 1:
            listed = " and ".join(map(str, standing))
            raise UnreadableFileError(
                file,
                f"its header has {quote_value(name)} as columns {listed}",
                "rename one of them.",
                column=name,
            )
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
        raise ContractError(
            f"{quote_value(file)} has one column a period ({listed} …): it is a pivot table.",
            fix="export one row an order line, with the date in a column of its own.",
            file=file,
        )
    if layout.header_row is not None:
        return
    kinds = [_kind(name) for name in names]
    if any(kinds) and kinds == [_kind(cell) for cell in first]:
        example = next(name for name in names if _kind(name))
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
