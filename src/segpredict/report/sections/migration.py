"""Where customers went: the observed moves from one window to the next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from segpredict.report._chart import Chip, chips
from segpredict.report._format import figure
from segpredict.report._input import ReportInput
from segpredict.report._section import Section

ENOUGH = 30  # customers; below it a row is greyed, since its shares are mostly chance


@dataclass(frozen=True, slots=True)
class Flow:
    """Customers who went from one segment to another.

    Parameters
    ----------
    n
        How many.
    share
        Of all who started where they did.
    low, high
        95 % interval of the share; ``None`` if unknown.
    is_stay
        Whether they ended where they began.
    """

    n: int
    share: float
    low: float | None
    high: float | None
    is_stay: bool


@dataclass(frozen=True, slots=True)
class Row:
    """All customers who started in one segment."""

    chip: Chip
    n: int
    is_thin: bool
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """The section.

    Parameters
    ----------
    chips
        Segments, in the order of the columns.
    rows
        One a segment of origin.
    note
        Between which windows the moves were counted.
    stay
        Share of all customers who stayed where they were.
    enough
        Rows with fewer customers are grey.
    """

    chips: tuple[Chip, ...]
    rows: tuple[Row, ...]
    note: str
    stay: float | None
    enough: int


def migration(bundle: ReportInput) -> Migration:
    """Return the context of the moves; empty rows where none were counted."""
    known = chips(bundle.segments)
    moves = [] if bundle.migration is None else bundle.migration.to_dicts()
    cells = {(str(m["from_id"]), str(m["to_id"])): m for m in moves}
    names = {str(m["from_id"]): str(m.get("from_name", m["from_id"])) for m in moves}
    starts = known | {i: Chip(i, n, None) for i, n in names.items() if i not in known}
    rows = tuple(_row(i, chip, cells, known) for i, chip in starts.items())
    everyone = sum(row.n for row in rows if row.chip.id in known)
    stayed = sum(flow.n for row in rows for flow in row.flows if flow.is_stay)
    return Migration(
        chips=tuple(known.values()),
        rows=rows if moves else (),
        note=bundle.migration_note,
        stay=stayed / everyone if everyone else None,
        enough=ENOUGH,
    )


def _row(
    start: str,
    chip: Chip,
    cells: Mapping[tuple[str, str], Mapping[str, Any]],
    ends: Iterable[str],
) -> Row:
    found = {end: cells.get((start, end), {}) for end in ends}
    counts = {end: int(figure(cell.get("n")) or 0) for end, cell in found.items()}
    total = sum(counts.values())
    flows = tuple(
        Flow(
            n=n,
            share=n / total if total else 0.0,
            low=figure(found[end].get("low")),
            high=figure(found[end].get("high")),
            is_stay=start == end,
        )
        for end, n in counts.items()
    )
    return Row(chip, total, total < ENOUGH, flows)


PART = Section(30, "Where customers went", migration)
