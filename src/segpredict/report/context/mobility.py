"""Mobility by period, comparison of periods, Markov order, and expected transitions."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.core.window import day_number
from segpredict.report.formatting import (
    Row,
    finite_fields,
    finite_or_none,
    format_day_range,
    format_iso_day,
    format_number,
)
from segpredict.report.html.badges import Badges, SegmentBadge, segment_badges
from segpredict.report.input import ReportInput

MAX_CHANGES_SHOWN = 8  # differences of a comparison that the page lists
SAME_SEASON_DAYS = 350  # days; two periods at least so far apart are of the same season
SIGNIFICANCE_LEVEL = 0.05  # p-value below which the previous segment matters


@dataclass(frozen=True, slots=True)
class MobilityPeriod:
    """One period: its mobility, and the share who stayed."""

    since: str  # its first day
    n: int  # its customers
    share_staying: float | None  # share of customers who stayed in their segment
    # mobility index, 0 to 1, and its 95 % interval
    mobility: float | None
    low: float | None
    high: float | None
    is_small: bool  # whether it has too few customers
    observed: int | None  # days of the look-back that were observed


@dataclass(frozen=True, slots=True)
class PeriodChange:
    """A number in two periods."""

    # from which segment to which; ``None`` for all
    start: SegmentBadge | None
    end: SegmentBadge | None
    # its value in the older and in the newer period
    first: float | None
    second: float | None
    # newer less older, and its 95 % interval
    difference: float | None
    low: float | None
    high: float | None

    @property
    def is_significant(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return (self.low is not None and self.low > 0) or (self.high is not None and self.high < 0)


@dataclass(frozen=True, slots=True)
class PeriodComparison:
    """Two periods."""

    title: str  # which
    overall: PeriodChange  # the difference of their mobility
    changes: tuple[PeriodChange, ...]  # the largest significant differences of shares
    # shares that differ significantly, and shares compared: of rows with enough customers in both
    # periods, and of transitions that occurred
    significant: int
    n_compared: int


@dataclass(frozen=True, slots=True)
class MarkovOrderTest:
    """What the previous segment adds to the current one."""

    badge: SegmentBadge | None  # the current segment; ``None`` for all
    n: int  # transitions behind the test
    # likelihood ratio, its degrees of freedom and its p-value (as text)
    likelihood_ratio: float
    degrees_of_freedom: int
    p_value: str
    # nats per transition that a forecast gains by knowing the previous segment
    accuracy_gain: float | None


@dataclass(frozen=True, slots=True)
class ExpectedTransitions:
    """The expected transitions of the customers of one segment."""

    start: SegmentBadge  # the current segment
    n: float  # its customers now
    # by target segment: customers, share, and the interval of the share
    cells: tuple[tuple[float, float | None, float | None, float | None], ...]


@dataclass(frozen=True, slots=True)
class MobilitySection:
    """The section."""

    periods: tuple[MobilityPeriod, ...]  # oldest first
    comparisons: tuple[PeriodComparison, ...]  # the newest period compared with others
    # the test of a first-order against a second-order chain; the last is for all
    markov_order: tuple[MarkovOrderTest, ...]
    is_second_order: bool  # whether the previous segment adds to the current one
    badges: tuple[SegmentBadge, ...]  # segments, in the order of the columns
    expected: tuple[ExpectedTransitions, ...]  # expected transitions after the end of the data
    period: str  # of the expected transitions
    dispersion: float | None  # how many times wider their intervals are than by sampling alone


def mobility_section(bundle: ReportInput) -> MobilitySection | None:
    """Return the context of the section; ``None`` where no period was counted."""
    tables = bundle.transitions
    if "mobility" not in tables:
        return None
    known = segment_badges(bundle.segments)
    order_tests = _markov_order(tables["markov_order"], known)
    return MobilitySection(
        _periods(tables["mobility"]),
        _comparisons(tables.get("comparison"), known),
        order_tests,
        bool(order_tests) and _p_value(tables["markov_order"]) < SIGNIFICANCE_LEVEL,
        tuple(known.values()),
        *_expected(bundle.next_transitions(), known),
    )


def _periods(table: pl.DataFrame) -> tuple[MobilityPeriod, ...]:
    return tuple(
        MobilityPeriod(
            since=format_iso_day(row["since"]),
            n=row["n"],
            **finite_fields(row, "share_staying", "mobility", "low", "high"),
            is_small=row["is_small"],
            observed=row.get("observed_days"),
        )
        for row in table.rows(named=True)
    )


def _comparisons(table: pl.DataFrame | None, known: Badges) -> tuple[PeriodComparison, ...]:
    if table is None:
        return ()
    parts = table.group_by("first", "second", maintain_order=True)
    return tuple(_comparison(part.rows(named=True), known) for _, part in parts)


def _comparison(rows: Sequence[Row], known: Badges) -> PeriodComparison:
    first, second = rows[0]["first"], rows[0]["second"]
    is_year = (second - first).days >= SAME_SEASON_DAYS
    against = "the same season a year earlier" if is_year else "the previous period"
    shares = [row for row in rows if row["figure"] == "share" and not row["is_small"]]
    cells = [row for row in shares if row["value_first"] or row["value_second"]]
    changes = [_change(row, known) for row in cells]
    significant = [change for change in changes if change.is_significant]
    largest = sorted(significant, key=lambda each: -abs(each.difference or 0.0))
    return PeriodComparison(
        f"From {format_iso_day(second)}, compared with {against} (from {format_iso_day(first)})",
        _change(rows[0], known),
        tuple(largest[:MAX_CHANGES_SHOWN]),
        len(significant),
        len(cells),
    )


def _change(row: Row, known: Badges) -> PeriodChange:
    start, end = (_badge(row, side, known) for side in ("from", "to"))
    return PeriodChange(
        start=start,
        end=end,
        first=finite_or_none(row["value_first"]),
        second=finite_or_none(row["value_second"]),
        **finite_fields(row, "difference", "low", "high"),
    )


def _badge(row: Row, side: str, known: Badges) -> SegmentBadge | None:
    name = row[f"{side}_id"]
    outside = SegmentBadge(name, row[f"{side}_name"], None)
    return None if name is None else known.get(name, outside)


def _p_value(table: pl.DataFrame) -> float:
    whole = table.filter(pl.col("since").is_null() & pl.col("segment_id").is_null())
    found = finite_or_none(whole["p_value"][0]) if whole.height else None
    return 1.0 if found is None else found


def _markov_order(table: pl.DataFrame, known: Badges) -> tuple[MarkovOrderTest, ...]:
    rows = table.filter(pl.col("since").is_null()).rows(named=True)
    return tuple(
        MarkovOrderTest(
            known.get(row["segment_id"]),
            row["n"],
            row["likelihood_ratio"],
            row["degrees_of_freedom"],
            "< 0.001"
            if (finite_or_none(row["p_value"]) or 0) < 0.001
            else format_number(row["p_value"], 3),
            finite_or_none(row["accuracy_gain"]),
        )
        for row in rows
        if row["degrees_of_freedom"]
    )


def _expected(
    table: pl.DataFrame | None, known: Badges
) -> tuple[tuple[ExpectedTransitions, ...], str, float | None]:
    if table is None:
        return (), "", None
    rows = table.rows(named=True)
    starts: dict[str, list[Row]] = {}
    for row in rows:
        starts.setdefault(row["from_id"], []).append(row)
    expected = tuple(
        ExpectedTransitions(
            known.get(name, SegmentBadge(name, cells[0]["from_name"], None)),
            cells[0]["n_from"],
            tuple(
                (cell["n"], *(finite_or_none(cell[of]) for of in ("share", "low", "high")))
                for cell in cells
            ),
        )
        for name, cells in starts.items()
    )
    dispersion = finite_or_none(rows[0]["dispersion"])
    period = format_day_range(*(day_number(rows[0][end]) for end in ("since", "until")))
    return expected, period, None if dispersion is None else dispersion**0.5
