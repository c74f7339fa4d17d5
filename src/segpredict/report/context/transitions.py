"""Observed transitions between segments, compared with the predicted ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.transitions import LAPSED_STATE
from segpredict.core.intervals import MIN_CUSTOMERS_FOR_SHARES
from segpredict.report.formatting import Row, finite_fields, finite_or_none
from segpredict.report.html.badges import Badges, SegmentBadge, segment_badges
from segpredict.report.html.filters import start_states as starts_of
from segpredict.report.html.sankey import SankeyDiagram, SankeyFlow, layout_sankey
from segpredict.report.input import ReportInput

ACTIVITY_MEANINGS = {
    "kept": "Kept buying: an order in both windows",
    "lapsed": "Lapsed: an order in the first window, none in the second",
    "reactivated": "Reactivated: an order in the second window, none in the first, but earlier",
    "new": "New: the first order in the second window",
}


@dataclass(frozen=True, slots=True)
class TransitionCell:
    """Customers who moved from one segment to another."""

    n: int  # their number
    share: float  # share of all who started in the same segment
    # 95 % interval of the share; ``None`` if unknown
    low: float | None
    high: float | None
    is_stay: bool  # whether they stayed in their segment
    predicted: float | None = None  # the predicted share; ``None`` without a prediction
    side: str = ""  # "below" or "above" where the observed share is outside the prediction interval


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """All customers who started in one segment."""

    badge: SegmentBadge  # the segment of origin
    n: int  # their number
    is_small: bool  # whether they are too few for reliable shares
    cells: tuple[TransitionCell, ...]  # one per target segment
    # the index of the row in the filter data; ``None`` if it is not in them
    label_position: int | None = None


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """Customers who kept buying, lapsed, were reactivated or are new."""

    activity: str  # which of these
    meaning: str  # in words
    customers: int  # their number
    # their net spend in the two windows, in currency
    spend_before: float
    spend_after: float


@dataclass(frozen=True, slots=True)
class TransitionsSection:
    """The section."""

    badges: tuple[SegmentBadge, ...]  # segments, in the order of the columns
    rows: tuple[TransitionRow, ...]  # one per segment of origin
    note: str  # between which windows transitions were counted
    share_staying: float | None  # share of all customers who stayed in their segment
    min_customers: int  # rows with fewer customers are grey
    # cells with a prediction, and those outside its interval
    n_predicted: int
    outside: int
    sankey: SankeyDiagram  # the same transitions as bands, the most valuable segment on top
    activity: tuple[ActivityRow, ...]  # the same customers by their purchases alone
    currency: str  # printed before money


def transitions_section(bundle: ReportInput) -> TransitionsSection:
    """Return the context of the section; empty rows where none were counted."""
    known = segment_badges(bundle.segments)
    observed, predicted = _newest(bundle)
    cells = {(str(m["from_id"]), str(m["to_id"])): m for m in observed}
    expected = {(str(m["from_id"]), str(m["to_id"])): m for m in predicted}
    names = {str(m["from_id"]): str(m.get("from_name", m["from_id"])) for m in observed}
    starts = known | {i: SegmentBadge(i, n, None) for i, n in names.items() if i not in known}
    places = {name: i for i, name in enumerate(starts_of(list(known)))}
    rows = tuple(
        _row(
            chip,
            places.get(i),
            [(end, cells.get((i, end), {}), expected.get((i, end), {})) for end in known],
        )
        for i, chip in starts.items()
    )
    own = [row for row in rows if row.badge.id in known]
    everyone = sum(row.n for row in own)
    stayed = sum(cell.n for row in own for cell in row.cells if cell.is_stay)
    compared = [cell for row in own for cell in row.cells if cell.predicted is not None]
    # By falling value, then the states outside the segments.
    order = (*reversed(list(known)), *(name for name in starts if name not in known))
    stacked = {name: starts[name] for name in order}
    return TransitionsSection(
        badges=tuple(known.values()),
        rows=rows if observed else (),
        note=bundle.transitions_note,
        share_staying=stayed / everyone if everyone else None,
        min_customers=MIN_CUSTOMERS_FOR_SHARES,
        n_predicted=len(compared),
        outside=sum(bool(cell.side) for cell in compared),
        sankey=layout_sankey(_bands(rows, known), stacked),
        activity=_activity(bundle.transitions.get("activity")),
        currency=bundle.currency,
    )


def _activity(table: pl.DataFrame | None) -> tuple[ActivityRow, ...]:
    """Return the rows of the newest period."""
    if table is None:
        return ()
    newest = table.filter(pl.col("since") == pl.col("since").max()).drop("since", "until")
    return tuple(
        ActivityRow(meaning=ACTIVITY_MEANINGS[row["activity"]], **row)
        for row in newest.iter_rows(named=True)
    )


def _newest(bundle: ReportInput) -> tuple[Sequence[Row], Sequence[Row]]:
    """Return the cells of the newest complete period, observed and predicted."""
    observed = bundle.transitions.get("observed")
    if observed is None:
        last = bundle.observed_transitions
        return [] if last is None else last.to_dicts(), []
    newest = observed["since"].max()
    predicted = bundle.transitions.get("predicted")
    expected = [] if predicted is None else predicted.filter(since=newest).to_dicts()
    return observed.filter(since=newest).to_dicts(), expected


def _row(
    chip: SegmentBadge, place: int | None, cells: Sequence[tuple[str, Row, Row]]
) -> TransitionRow:
    total = sum(int(finite_or_none(cell.get("n")) or 0) for _, cell, _ in cells)
    found = tuple(
        _cell(observed, predicted, total, is_stay=end == chip.id)
        for end, observed, predicted in cells
    )
    return TransitionRow(chip, total, total < MIN_CUSTOMERS_FOR_SHARES, found, place)


def _cell(observed: Row, predicted: Row, total: int, *, is_stay: bool) -> TransitionCell:
    n = int(finite_or_none(observed.get("n")) or 0)
    share = n / total if total else 0.0
    low, high = finite_or_none(predicted.get("low")), finite_or_none(predicted.get("high"))
    is_below, is_above = low is not None and share < low, high is not None and share > high
    return TransitionCell(
        n=n,
        share=share,
        **finite_fields(observed, "low", "high"),
        is_stay=is_stay,
        predicted=finite_or_none(predicted.get("share")),
        side="below" if is_below else "above" if is_above else "",
    )


def _bands(rows: Sequence[TransitionRow], known: Badges) -> list[SankeyFlow]:
    """Return the transitions to draw: all but those of lapsed customers who stay inactive."""
    inactive = next(iter(known), "")
    return [
        SankeyFlow(row.badge.id, end, cell.n)
        for row in rows
        for end, cell in zip(known, row.cells, strict=True)
        if not (row.badge.id == LAPSED_STATE.id and end == inactive)
    ]
