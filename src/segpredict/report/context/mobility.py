"""How much moves from period to period, what changed, and what is to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from segpredict.report.formatting import finite_or_none, format_iso_day, format_number
from segpredict.report.html.chart_layout import (
    IntervalMark,
    SegmentBadge,
    layout_intervals,
    segment_badges,
)
from segpredict.report.input import ReportInput

MAX_CHANGES_SHOWN = 8  # differences of a comparison that the page lists
SAME_SEASON_DAYS = 350  # days; two periods at least so far apart are of the same season
SIGNIFICANCE_LEVEL = 0.05  # p-value below which the segment before counts


@dataclass(frozen=True, slots=True)
class MobilityPeriod:
    """One period: its mobility, and who stayed.

    Parameters
    ----------
    since
        The day it begins with.
    n
        Customers of it.
    share_staying
        Share of them who stayed where they were.
    mobility, low, high
        How much the period moved its customers, 0 to 1, and its 95 % interval.
    mark
        The interval on an axis.
    is_small
        Whether too few customers stand behind it.
    observed
        Days of the look-back that were observed.
    """

    since: str
    n: int
    share_staying: float | None
    mobility: float | None
    low: float | None
    high: float | None
    mark: IntervalMark | None
    is_small: bool
    observed: int | None


@dataclass(frozen=True, slots=True)
class PeriodChange:
    """A figure in two periods.

    Parameters
    ----------
    start, end
        From which segment to which; ``None`` for all.
    first, second
        The figure in the older and in the newer period.
    difference, low, high
        Newer less older, and its 95 % interval.
    mark
        The interval on an axis.
    """

    start: SegmentBadge | None
    end: SegmentBadge | None
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None
    mark: IntervalMark | None

    @property
    def is_significant(self) -> bool:
        """Whether the interval lies on one side of zero."""
        return (self.low is not None and self.low > 0) or (self.high is not None and self.high < 0)


@dataclass(frozen=True, slots=True)
class PeriodComparison:
    """Two periods.

    Parameters
    ----------
    title
        Which.
    overall
        The difference of their mobility.
    changes
        The largest clear differences of shares.
    significant, n_compared
        Shares that differ clearly, of those of rows with enough customers in both
        periods, and of moves that anybody made.
    """

    title: str
    overall: PeriodChange
    changes: tuple[PeriodChange, ...]
    significant: int
    n_compared: int


@dataclass(frozen=True, slots=True)
class MarkovOrderTest:
    """What the segment before adds, for a segment now; ``None`` for all.

    Parameters
    ----------
    badge
        The segment now; ``None`` for all.
    n
        Moves behind the test.
    likelihood_ratio, df, p_value
        Likelihood ratio, its degrees of freedom and its p-value (as text).
    accuracy_gain
        Nats a move that a forecast gains by knowing the segment before.
    """

    badge: SegmentBadge | None
    n: int
    likelihood_ratio: float
    df: int
    p_value: str
    accuracy_gain: float | None


@dataclass(frozen=True, slots=True)
class ExpectedTransitions:
    """What is foretold of a segment: how many leave it, stay, and come to it.

    Parameters
    ----------
    start
        The segment now.
    n
        Customers in it now.
    cells
        By segment of arrival, as the table on the page shows them: how many, share, and
        the ends of its interval.
    """

    start: SegmentBadge
    n: float
    cells: tuple[tuple[float, float | None, float | None, float | None], ...]


@dataclass(frozen=True, slots=True)
class MobilitySection:
    """The section.

    Parameters
    ----------
    periods
        Oldest first.
    comparisons
        The newest period beside others.
    markov_order
        The test of one step against two; the last is the whole.
    is_second_order
        Whether the segment before adds to the segment now.
    badges
        Segments, in the order of the columns.
    expected
        What is foretold from the end of the data on.
    since, until
        Of what is foretold.
    dispersion
        How many times wider its intervals are than by chance alone.
    """

    periods: tuple[MobilityPeriod, ...]
    comparisons: tuple[PeriodComparison, ...]
    markov_order: tuple[MarkovOrderTest, ...]
    is_second_order: bool
    badges: tuple[SegmentBadge, ...]
    expected: tuple[ExpectedTransitions, ...]
    since: str
    until: str
    dispersion: float | None


def mobility_section(bundle: ReportInput) -> MobilitySection | None:
    """Return the context of the section; ``None`` where no period was counted."""
    tables = bundle.transitions
    if "mobility" not in tables:
        return None
    known = segment_badges(bundle.segments)
    memory = _memory(tables["markov_order"], known)
    foretold = tables.get("predicted")
    coming, since, until, spread = _coming(foretold, known)
    return MobilitySection(
        _periods(tables["mobility"]),
        _comparisons(tables.get("comparison"), known),
        memory,
        bool(memory) and _p(tables["markov_order"]) < SIGNIFICANCE_LEVEL,
        tuple(known.values()),
        coming,
        since,
        until,
        spread,
    )


def _periods(table: pl.DataFrame) -> tuple[MobilityPeriod, ...]:
    rows = table.rows(named=True)
    marks = layout_intervals([{**row, "value": row["mobility"]} for row in rows])
    return tuple(
        MobilityPeriod(
            format_iso_day(row["since"]),
            row["n"],
            finite_or_none(row["share_staying"]),
            finite_or_none(row["mobility"]),
            finite_or_none(row["low"]),
            finite_or_none(row["high"]),
            mark,
            row["is_small"],
            row.get("observed_days"),
        )
        for row, mark in zip(rows, marks, strict=True)
    )


def _comparisons(
    table: pl.DataFrame | None, known: Mapping[str, SegmentBadge]
) -> tuple[PeriodComparison, ...]:
    if table is None:
        return ()
    parts = table.group_by("first", "second", maintain_order=True)
    return tuple(_comparison(part.rows(named=True), known) for _, part in parts)


def _comparison(
    rows: Sequence[Mapping[str, Any]], known: Mapping[str, SegmentBadge]
) -> PeriodComparison:
    first, second = rows[0]["first"], rows[0]["second"]
    is_year = (second - first).days >= SAME_SEASON_DAYS
    against = "the same season a year before" if is_year else "the period before"
    cells = [
        row
        for row in rows
        if row["figure"] == "share"
        and not row["is_small"]
        and (row["value_first"] or row["value_second"])
    ]
    changes = [_change(row, known, None) for row in cells]
    clear = [row for row, change in zip(cells, changes, strict=True) if change.is_significant]
    largest = sorted(clear, key=lambda row: -abs(row["difference"]))[:MAX_CHANGES_SHOWN]
    marks = layout_intervals([{**row, "value": row["difference"]} for row in largest])
    return PeriodComparison(
        f"From {format_iso_day(second)}, beside {against} (from {format_iso_day(first)})",
        _change(rows[0], known, None),
        tuple(_change(row, known, mark) for row, mark in zip(largest, marks, strict=True)),
        len(clear),
        len(cells),
    )


def _change(
    row: Mapping[str, Any], known: Mapping[str, SegmentBadge], mark: IntervalMark | None
) -> PeriodChange:
    start, end = (
        known.get(row[f"{side}_id"], SegmentBadge(row[f"{side}_id"], row[f"{side}_name"], None))
        if row[f"{side}_id"] is not None
        else None
        for side in ("from", "to")
    )
    return PeriodChange(
        start,
        end,
        finite_or_none(row["value_first"]),
        finite_or_none(row["value_second"]),
        finite_or_none(row["difference"]),
        finite_or_none(row["low"]),
        finite_or_none(row["high"]),
        mark,
    )


def _p(table: pl.DataFrame) -> float:
    whole = table.filter(pl.col("since").is_null() & pl.col("segment_id").is_null())
    found = finite_or_none(whole["p_value"][0]) if whole.height else None
    return 1.0 if found is None else found


def _memory(table: pl.DataFrame, known: Mapping[str, SegmentBadge]) -> tuple[MarkovOrderTest, ...]:
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


def _coming(
    table: pl.DataFrame | None, known: Mapping[str, SegmentBadge]
) -> tuple[tuple[ExpectedTransitions, ...], str, str, float | None]:
    if table is None:
        return (), "", "", None
    newest = table.filter(pl.col("since") == table["since"].max())
    rows = newest.rows(named=True)
    starts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        starts.setdefault(row["from_id"], []).append(row)
    coming = tuple(
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
    spread = finite_or_none(rows[0]["dispersion"])
    return (
        coming,
        format_iso_day(rows[0]["since"]),
        format_iso_day(rows[0]["until"]),
        None if spread is None else spread**0.5,
    )
