"""Drivers of transitions, three example customers, and customers to contact first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import polars as pl

from segpredict.explain import explained_share
from segpredict.report.context.drivers import CAUSALITY_NOTE
from segpredict.report.context.importance import feature_names
from segpredict.report.formatting import Row, finite_or_none, format_share
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
    meanings = feature_names(bundle)
    rows = rows.drop_nulls(["movers", "stayers"])
    return tuple(
        DriverContribution(
            **{column: row[column] for column in ("name", "movers", "stayers", "odds_ratio")},
            meaning=meanings.get(row["name"], row["name"]),
        )
        for row in rows.to_dicts()
    )


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One bar between the forecast of the average customer and that of this one."""

    text: str  # the reason, or which forecast
    is_end: bool  # whether it is a forecast; else a reason
    is_up: bool  # whether it raises the log-odds
    # position of the bar (percent)
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class ExampleCustomer:
    """One customer."""

    # the customer, and why it is an example
    id: str
    kind: str
    # current segment, and the most likely next
    now: SegmentBadge
    next: SegmentBadge
    # probability of the most likely next segment, and for the average customer
    probability: float
    start: float
    summary: str  # how much of the distance between the two the reasons explain
    steps: tuple[WaterfallStep, ...]  # the reasons, strongest first, and all others together
    # in currency
    expected_value: float
    value_at_risk: float


@dataclass(frozen=True, slots=True)
class ExampleCustomersSection:
    """The section."""

    customers: tuple[ExampleCustomer, ...]  # up to three customers
    caution: str = CAUSALITY_NOTE  # the warning against causal conclusions


def example_customers_section(bundle: ReportInput) -> ExampleCustomersSection | None:
    """Return the context; ``None`` where no customer was explained."""
    known = segment_badges(bundle.segments)
    found = tuple(
        _example(row, known)
        for row in bundle.example_customers
        if row["segment_id"] in known and row["next_segment_id"] in known
    )
    return ExampleCustomersSection(found) if found else None


def _example(row: Row, known: Badges) -> ExampleCustomer:
    reasons = row["reasons"]
    probability = row[f"p_{row['next_segment_id']}"]
    return ExampleCustomer(
        id=row["customer_id"],
        **{name: row[name] for name in ("kind", "expected_value", "value_at_risk")},
        now=known[row["segment_id"]],
        next=known[row["next_segment_id"]],
        probability=probability,
        start=reasons[0]["start"],
        summary=_summary(reasons, probability),
        steps=_waterfall(reasons),
    )


def _summary(reasons: Sequence[Row], probability: float) -> str:
    sizes = [reason["contribution"] for reason in reasons if reason["contribution"]]
    share = explained_share(reasons[0]["total"], sizes)
    if share is None:
        return "Other features together weigh more than these reasons."
    which = "This reason explains" if len(sizes) == 1 else f"These {len(sizes)} reasons explain"
    distance = f"from {format_share(reasons[0]['start'], 0)} to {format_share(probability, 0)}"
    if share > 1:
        return f"{which} more than the distance {distance}; other features work against it."
    return f"{which} {format_share(share, 0)} of the distance {distance}."


def _waterfall(reasons: Sequence[Row]) -> tuple[WaterfallStep, ...]:
    """Place the reasons one after the other, then all others, up to the forecast."""
    shown = [(reason["text"], reason["contribution"]) for reason in reasons]
    rest = reasons[0]["total"] - sum(size for _, size in shown)
    steps = [each for each in (*shown, ("All other features together", rest)) if each[1]]
    levels = [0.0, *accumulate(size for _, size in steps)]
    place = axis_place([0.0, *levels])
    found = []
    for (text, size), begin, end in zip(steps, levels, levels[1:], strict=False):
        left, right = sorted((place(begin), place(end)))
        found.append(WaterfallStep(text, False, size > 0, left, round(right - left, 2)))  # noqa: FBT003
    return tuple(found)


# The name of a list, its heading, and the column that it is ranked by.
SHORTLIST_HEADINGS = (
    ("at risk", "most revenue at risk", "value_at_risk"),
    ("on the way up", "most upside", "upside"),
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

    badge: SegmentBadge  # the segment of its customers
    title: str  # its heading
    is_risk: bool  # whether it is ranked by revenue at risk; else by upside
    rows: tuple[ShortlistRow, ...]  # the first customers, best first
    shown: float  # their value at stake together, in currency
    # customers of the segment with a value at stake, and the sum of it
    listed: int
    total: float
    file: str  # the list of the whole segment, next to the page; empty without one


@dataclass(frozen=True, slots=True)
class ShortlistSection:
    """The section."""

    lists: tuple[CustomerShortlist, ...]  # the most valuable segment first
    caution: str = CAUSALITY_NOTE  # the warning that belongs to reasons


def shortlist_section(bundle: ReportInput) -> ShortlistSection | None:
    """Return the context; ``None`` where single customers must not be shown."""
    known = segment_badges(bundle.segments)
    found = tuple(
        _shortlist(bundle, rows, known, by, title)
        for name, title, by in SHORTLIST_HEADINGS
        for badge in reversed(known.values())
        if (rows := _rows_of(bundle, known, name, badge.id))
    )
    return ShortlistSection(found) if found else None


def _rows_of(bundle: ReportInput, known: Badges, name: str, segment_id: str) -> list[Row]:
    return [
        row
        for row in bundle.shortlist
        if row["list"] == name
        and row["segment_id"] == segment_id
        and row["next_segment_id"] in known
    ]


def _shortlist(
    bundle: ReportInput, rows: Sequence[Row], known: Badges, by: str, title: str
) -> CustomerShortlist:
    is_risk, first = by == "value_at_risk", rows[0]
    shown = tuple(_shortlist_row(row, known, by, "p_down" if is_risk else "p_up") for row in rows)
    name = f"segment_{str(first['segment_id']).lower()}"
    return CustomerShortlist(
        badge=known[first["segment_id"]],
        title=title,
        is_risk=is_risk,
        rows=shown,
        shown=sum(each.value_at_stake or 0.0 for each in shown),
        listed=int(first["listed"]),
        total=float(first["total"]),
        file=f"lists/{name}.csv" if name in bundle.lists else "",
    )


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
