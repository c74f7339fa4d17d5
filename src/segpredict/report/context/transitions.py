"""Where customers went: the moves counted, beside what had been foretold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES
from segpredict.report.formatting import finite_or_none
from segpredict.report.html.chart_layout import SegmentBadge, segment_badges
from segpredict.report.html.filters import start_states as starts_of
from segpredict.report.html.sankey import SankeyDiagram, SankeyFlow, layout_sankey
from segpredict.report.input import ReportInput


@dataclass(frozen=True, slots=True)
class TransitionCell:
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
    predicted
        The share that was foretold; ``None`` where nothing was.
    side
        "below" or "above" where the count lies outside what was foretold.
    """

    n: int
    share: float
    low: float | None
    high: float | None
    is_stay: bool
    predicted: float | None = None
    side: str = ""


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """All customers who started in one segment.

    Parameters
    ----------
    badge
        Where they started.
    n
        How many.
    is_small
        Whether they are too few for shares.
    cells
        One a segment of arrival.
    label_position
        The row's number among what filters read; ``None`` if they do not.
    """

    badge: SegmentBadge
    n: int
    is_small: bool
    cells: tuple[TransitionCell, ...]
    label_position: int | None = None


@dataclass(frozen=True, slots=True)
class TransitionsSection:
    """The section.

    Parameters
    ----------
    badges
        Segments, in the order of the columns.
    rows
        One a segment of origin.
    note
        Between which windows the moves were counted.
    share_staying
        Share of all customers who stayed where they were.
    min_customers
        Rows with fewer customers are grey.
    has_predicted, outside
        Cells that the model spoke of, and those whose count lies outside.
    sankey
        The same moves as bands, the most valuable segment on top.
    """

    badges: tuple[SegmentBadge, ...]
    rows: tuple[TransitionRow, ...]
    note: str
    share_staying: float | None
    min_customers: int
    has_predicted: int
    outside: int
    sankey: SankeyDiagram


def transitions_section(bundle: ReportInput) -> TransitionsSection:
    """Return the context of the moves; empty rows where none were counted."""
    known = segment_badges(bundle.segments)
    moves, told = _newest(bundle)
    cells = {(str(m["from_id"]), str(m["to_id"])): m for m in moves}
    said = {(str(m["from_id"]), str(m["to_id"])): m for m in told}
    names = {str(m["from_id"]): str(m.get("from_name", m["from_id"])) for m in moves}
    starts = known | {i: SegmentBadge(i, n, None) for i, n in names.items() if i not in known}
    places = {name: i for i, name in enumerate(starts_of(list(known)))}
    rows = tuple(
        _row(
            chip,
            places.get(i),
            [(end, cells.get((i, end), {}), said.get((i, end), {})) for end in known],
        )
        for i, chip in starts.items()
    )
    own = [row for row in rows if row.badge.id in known]
    everyone = sum(row.n for row in own)
    stayed = sum(flow.n for row in own for flow in row.cells if flow.is_stay)
    model = [flow for row in own for flow in row.cells if flow.predicted is not None]
    return TransitionsSection(
        badges=tuple(known.values()),
        rows=rows if moves else (),
        note=bundle.transitions_note,
        share_staying=stayed / everyone if everyone else None,
        min_customers=MIN_CUSTOMERS_FOR_SHARES,
        has_predicted=len(model),
        outside=sum(bool(flow.side) for flow in model),
        sankey=layout_sankey(_bands(rows, known), _stacked(known, starts)),
    )


def _newest(
    bundle: ReportInput,
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """Return the cells of the newest complete period, counted and foretold."""
    counted = bundle.transitions.get("observed")
    if counted is None:
        return (
            [] if bundle.observed_transitions is None else bundle.observed_transitions.to_dicts()
        ), []
    newest = counted["since"].max()
    foretold = bundle.transitions.get("predicted")
    told = [] if foretold is None else foretold.filter(since=newest).to_dicts()
    return counted.filter(since=newest).to_dicts(), told


def _row(
    chip: SegmentBadge,
    place: int | None,
    cells: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]],
) -> TransitionRow:
    total = sum(int(finite_or_none(cell.get("n")) or 0) for _, cell, _ in cells)
    flows = tuple(_flow(cell, said, total, is_stay=end == chip.id) for end, cell, said in cells)
    return TransitionRow(chip, total, total < MIN_CUSTOMERS_FOR_SHARES, flows, place)


def _flow(
    cell: Mapping[str, Any], said: Mapping[str, Any], total: int, *, is_stay: bool
) -> TransitionCell:
    n = int(finite_or_none(cell.get("n")) or 0)
    share = n / total if total else 0.0
    low, high = finite_or_none(said.get("low")), finite_or_none(said.get("high"))
    is_below = low is not None and share < low
    is_above = high is not None and share > high
    return TransitionCell(
        n=n,
        share=share,
        low=finite_or_none(cell.get("low")),
        high=finite_or_none(cell.get("high")),
        is_stay=is_stay,
        predicted=finite_or_none(said.get("share")),
        side="below" if is_below else "above" if is_above else "",
    )


def _bands(rows: Sequence[TransitionRow], known: Mapping[str, SegmentBadge]) -> list[SankeyFlow]:
    """Return the moves to be drawn: all but of those who were silent and stay so."""
    inactive = next(iter(known), "")
    return [
        SankeyFlow(row.badge.id, end, flow.n)
        for row in rows
        for end, flow in zip(known, row.cells, strict=True)
        if not (row.badge.id == "SILENT" and end == inactive)
    ]


def _stacked(
    known: Mapping[str, SegmentBadge], starts: Mapping[str, SegmentBadge]
) -> dict[str, SegmentBadge]:
    """Return segments from the top of the value ladder down, then what is beside it."""
    beside = [name for name in starts if name not in known]
    return {name: starts[name] for name in (*reversed(list(known)), *beside)}
