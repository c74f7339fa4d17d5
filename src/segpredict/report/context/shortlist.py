"""Drivers of transitions, three example customers, and customers to contact first."""

from dataclasses import dataclass

import polars as pl

from segpredict.report.context.drivers import CAUSALITY_NOTE
from segpredict.report.formatting import Row, finite_or_none
from segpredict.report.html.badges import Badges, SegmentBadge, segment_badges
from segpredict.report.html.chart_layout import axis_place
from segpredict.report.input import ReportInput

TOP = 6


@dataclass(frozen=True, slots=True)
class DriverContribution:
    """The contribution of one group of features among movers and stayers."""

    # the group, and the meaning of its leading feature
    name: str
    meaning: str
    # mean contribution to the log-odds of the transition, among customers expected to move and
    # among those expected to stay
    movers: float
    stayers: float
    # their positions on the axis, in percent
    mover: float
    stayer: float
    zero: float
    odds_ratio: float  # of the difference between the two


@dataclass(frozen=True, slots=True)
class DrivenTransition:
    """One transition, with its drivers."""

    # from which segment to which
    start: SegmentBadge
    end: SegmentBadge
    expected: float  # expected number of customers
    drivers: tuple[DriverContribution, ...]  # the groups, largest difference first


@dataclass(frozen=True, slots=True)
class TransitionDriversSection:
    """The section."""

    transitions: tuple[DrivenTransition, ...]  # most expected first
    caution: str = CAUSALITY_NOTE  # the warning against causal conclusions


def transition_drivers_section(bundle: ReportInput) -> TransitionDriversSection | None:
    """Return the context; ``None`` where no transition has enough customers."""
    table = bundle.transition_drivers
    if table is None or table.is_empty():
        return None
    known = segment_badges(bundle.segments)
    pairs = (
        table.select("from_id", "to_id", "expected")
        .unique(maintain_order=True)
        .sort("expected", descending=True, maintain_order=True)
    )
    return TransitionDriversSection(
        tuple(
            DrivenTransition(
                known[start],
                known[end],
                expected,
                _drivers(table.filter(from_id=start, to_id=end).head(TOP), bundle),
            )
            for start, end, expected in pairs.iter_rows()
            if start in known and end in known
        )
    )


def _drivers(rows: pl.DataFrame, bundle: ReportInput) -> tuple[DriverContribution, ...]:
    meanings = {feature.name: feature.meaning for feature in bundle.glossary}
    rows = rows.drop_nulls(["movers", "stayers"])
    ends = [0.0, *rows["movers"], *rows["stayers"]]
    place = axis_place(ends)
    return tuple(
        DriverContribution(
            **{column: row[column] for column in ("name", "movers", "stayers", "odds_ratio")},
            meaning=meanings.get(row["name"], ""),
            mover=place(row["movers"]),
            stayer=place(row["stayers"]),
            zero=place(0.0),
        )
        for row in rows.to_dicts()
    )


@dataclass(frozen=True, slots=True)
class ExampleReason:
    """One reason for the forecast, or against it."""

    direction: str  # ``for`` or ``against`` the segment that is named
    text: str  # the reason as a sentence


@dataclass(frozen=True, slots=True)
class ExampleCustomer:
    """One customer."""

    # the customer, and why it is an example
    id: str
    kind: str
    # current segment, and the most likely next
    now: SegmentBadge
    next: SegmentBadge
    probability: float  # of the most likely next segment
    # in currency
    expected_value: float
    value_at_risk: float
    reasons: tuple[ExampleReason, ...]  # strongest first, those against last


@dataclass(frozen=True, slots=True)
class ExampleCustomersSection:
    """The section."""

    customers: tuple[ExampleCustomer, ...]  # up to three customers
    caution: str = CAUSALITY_NOTE  # the warning against causal conclusions


def example_customers_section(bundle: ReportInput) -> ExampleCustomersSection | None:
    """Return the context; ``None`` where no customer was explained."""
    known = segment_badges(bundle.segments)
    found = tuple(
        ExampleCustomer(
            id=row["customer_id"],
            **{name: row[name] for name in ("kind", "expected_value", "value_at_risk")},
            now=known[row["segment_id"]],
            next=known[row["next_segment_id"]],
            probability=row[f"p_{row['next_segment_id']}"],
            reasons=tuple(ExampleReason(r["direction"], r["text"]) for r in row["reasons"]),
        )
        for row in bundle.example_customers
        if row["segment_id"] in known and row["next_segment_id"] in known
    )
    return ExampleCustomersSection(found) if found else None


# The name of a list, its heading, and the column that it is ranked by.
SHORTLIST_HEADINGS = (
    ("at risk", "Most revenue at risk", "value_at_risk"),
    ("on the way up", "Most upside", "upside"),
)


@dataclass(frozen=True, slots=True)
class ShortlistRow:
    """One customer on a list."""

    # rank on the list, and the customer
    rank: int
    id: str
    # current segment, and the most likely next
    now: SegmentBadge
    next: SegmentBadge
    # of a move to a lower segment on the list at risk, to a higher one on the other
    probability: float | None
    value_at_stake: float | None  # expected loss or gain, in currency
    # spent to date, and expected in the next window
    spent: float | None
    expected: float | None
    reasons: tuple[str, ...]  # reasons for the forecast, strongest first


@dataclass(frozen=True, slots=True)
class CustomerShortlist:
    """One list of customers."""

    title: str  # its heading
    is_risk: bool  # whether it is ranked by revenue at risk; else by upside
    rows: tuple[ShortlistRow, ...]  # the customers, best first
    total: float  # their value at stake together, in currency


@dataclass(frozen=True, slots=True)
class ShortlistSection:
    """The section."""

    lists: tuple[CustomerShortlist, ...]  # the lists: most revenue at risk, most upside
    caution: str = CAUSALITY_NOTE  # the warning that belongs to reasons


def shortlist_section(bundle: ReportInput) -> ShortlistSection | None:
    """Return the context; ``None`` where single customers must not be shown."""
    known = segment_badges(bundle.segments)
    found = [_shortlist(bundle, known, *heading) for heading in SHORTLIST_HEADINGS]
    filled = tuple(each for each in found if each.rows)
    return ShortlistSection(filled) if filled else None


def _shortlist(
    bundle: ReportInput, known: Badges, name: str, title: str, by: str
) -> CustomerShortlist:
    is_risk = by == "value_at_risk"
    shown = tuple(
        _shortlist_row(row, known, by, "p_down" if is_risk else "p_up")
        for row in bundle.shortlist
        if row["list"] == name and row["segment_id"] in known and row["next_segment_id"] in known
    )
    total = sum(each.value_at_stake or 0.0 for each in shown)
    return CustomerShortlist(title, is_risk, shown, total)


def _shortlist_row(row: Row, known: Badges, stake: str, probability: str) -> ShortlistRow:
    return ShortlistRow(
        rank=int(row["rank"]),
        id=str(row["customer_id"]),
        now=known[row["segment_id"]],
        next=known[row["next_segment_id"]],
        probability=finite_or_none(row[probability]),
        value_at_stake=finite_or_none(row[stake]),
        spent=finite_or_none(row.get("spent_to_date")),
        expected=finite_or_none(row["expected_value"]),
        reasons=tuple(str(text) for text in row["reasons"]),
    )
