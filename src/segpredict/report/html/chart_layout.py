"""Positions of chart marks, in percent of the width, so that charts stretch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segpredict.core.segment import INACTIVE_CODE, Segment
from segpredict.report.formatting import finite_or_none


@dataclass(frozen=True, slots=True)
class SegmentBadge:
    """A segment as the page shows it."""

    # the segment
    id: str
    name: str
    tint: int | None  # its position by value, 0 to 100; ``None`` (grey) for INACTIVE


@dataclass(frozen=True, slots=True)
class StripPiece:
    """One piece of a strip."""

    badge: SegmentBadge  # the segment
    # left edge and width (percent)
    left: float
    width: float
    value: float  # its amount


@dataclass(frozen=True, slots=True)
class IntervalMark:
    """A difference with its interval, placed on an axis (percent)."""

    # positions on the axis
    low: float
    dot: float
    high: float
    zero: float


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One of several bars side by side."""

    # its position (percent of the width)
    left: float
    width: float
    height: float  # percent of the largest
    is_whole: bool  # false where it covers less time than the others


def layout_bars(values: Sequence[float], whole: Sequence[bool]) -> tuple[ChartBar, ...]:
    """Place bars of equal width; a value below zero has no height.

    Examples
    --------
    >>> layout_bars([5, 10], [True, False])[1]
    ChartBar(left=50.0, width=40.0, height=100.0, is_whole=False)
    """
    most = max((0, *values)) or 1
    room = 100 / max(len(values), 1)
    return tuple(
        ChartBar(
            round(i * room, 3), round(0.8 * room, 3), round(100 * max(value, 0) / most, 2), is_whole
        )
        for i, (value, is_whole) in enumerate(zip(values, whole, strict=True))
    )


def segment_badges(segments: Iterable[Segment]) -> dict[str, SegmentBadge]:
    """Return how each segment is shown, by id.

    Examples
    --------
    >>> found = segment_badges((Segment(0, "S0", "Gone"), Segment(1, "S1", "Low")))
    >>> found["S0"].tint, found["S1"].tint
    (None, 100)
    """
    known = list(segments)
    top = max((s.code for s in known), default=1)
    return {s.id: SegmentBadge(s.id, s.name, _tint(s.code, top)) for s in known}


def _tint(code: int, top: int) -> int | None:
    if code == INACTIVE_CODE:
        return None
    return round(100 * (code - 1) / (top - 1)) if top > 1 else 100


def stacked_strip(
    mix: Mapping[str, float], badges: Mapping[str, SegmentBadge]
) -> tuple[StripPiece, ...]:
    """Return the pieces of a stacked strip that fills the width."""
    amounts = {i: finite_or_none(mix.get(i)) or 0.0 for i in badges}
    total = sum(amounts.values())
    pieces, left = [], 0.0
    for name, amount in amounts.items():
        width = 100 * amount / total if total else 0.0
        pieces.append(StripPiece(badges[name], round(left, 3), round(width, 3), amount))
        left += width
    return tuple(pieces)


def layout_intervals(
    intervals: Sequence[Mapping[str, Any] | None],
) -> tuple[IntervalMark | None, ...]:
    """Place differences on one axis that holds zero; ``None`` where one is unknown.

    Examples
    --------
    >>> layout_intervals([{"value": 1.0, "low": 0.0, "high": 2.0}, None])
    (IntervalMark(low=4.0, dot=50.0, high=96.0, zero=4.0), None)
    """
    ends = [_ends(interval) for interval in intervals]
    values = [0.0, *(v for found in ends if found for v in found)]
    low, high = min(values), max(values)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return round(4 + 92 * (value - low) / width, 2)

    return tuple(
        IntervalMark(place(e[0]), place(e[1]), place(e[2]), place(0.0)) if e else None for e in ends
    )


def _ends(interval: Mapping[str, Any] | None) -> tuple[float, float, float] | None:
    found = interval or {}
    estimate = finite_or_none(found.get("value"))
    if estimate is None:
        return None
    low, high = finite_or_none(found.get("low")), finite_or_none(found.get("high"))
    return (estimate if low is None else low, estimate, estimate if high is None else high)
