"""Positions of chart marks, in percent of the width, so that charts stretch."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from segpredict.report.formatting import Row, finite_or_none, format_share


@dataclass(frozen=True, slots=True)
class IntervalMark:
    """A difference with its interval, placed on an axis (percent)."""

    # positions on the axis
    low: float
    dot: float
    high: float
    zero: float


@dataclass(frozen=True, slots=True)
class PlotAxes:
    """The ticks of a chart: position (percent from the left, and from the top) and text."""

    # along the lower edge and along the left one
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]


def axis_ticks(
    low: float, high: float, write: Callable[[float], str], n: int = 4
) -> tuple[tuple[float, str], ...]:
    """Return round values between two ends, each with its position in percent.

    >>> axis_ticks(0, 950, lambda value: f"{value:.0f}")
    ((0.0, '0'), (52.63, '500'))
    """
    width = high - low
    if not width > 0:
        return ()
    size = 10.0 ** math.floor(math.log10(width / n))
    step = next(size * each for each in (1, 2, 5, 10) if size * each >= width / n)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(
        (round(100 * (i * step - low) / width, 2), write(i * step)) for i in range(first, last + 1)
    )


def upright(ticks: tuple[tuple[float, str], ...]) -> tuple[tuple[float, str], ...]:
    """Return ticks as positions from the top.

    >>> upright(((0.0, "0"),))
    ((100.0, '0'),)
    """
    return tuple((round(100 - place, 2), text) for place, text in ticks)


_SHARES = tuple((100.0 * share, format_share(share, 0)) for share in (0.0, 0.5, 1.0))
SHARE_AXES = PlotAxes(_SHARES, upright(_SHARES))


def bar_width(value: float | None, most: float | None) -> float:
    """Return the length of a bar in percent of the longest; nothing below zero.

    >>> bar_width(1, 3), bar_width(-1, 3), bar_width(None, 0)
    (33.33, 0.0, 0.0)
    """
    return round(100 * max(value or 0.0, 0.0) / most, 2) if most else 0.0


def largest(values: Iterable[float | None]) -> float:
    """Return the largest known value, which the longest bar shows; 0 without any.

    >>> largest([1.0, None]), largest([])
    (1.0, 0.0)
    """
    return max((value for value in values if value is not None), default=0.0)


def interval_marks(
    rows: Iterable[object], value: str = "value", ends: tuple[str, str] = ("low", "high")
) -> tuple[IntervalMark | None, ...]:
    """Return the marks of figures on one axis, read from the fields of rows."""
    names = {"value": value, "low": ends[0], "high": ends[1]}
    return layout_intervals(
        [
            None if row is None else {key: getattr(row, name) for key, name in names.items()}
            for row in rows
        ]
    )


def layout_intervals(intervals: Sequence[Row | None]) -> tuple[IntervalMark | None, ...]:
    """Place differences on one axis that holds zero; ``None`` where one is unknown.

    >>> layout_intervals([{"value": 1.0, "low": 0.0, "high": 2.0}, None])
    (IntervalMark(low=4.0, dot=50.0, high=96.0, zero=4.0), None)
    """
    ends = [_ends(interval or {}) for interval in intervals]
    values = [0.0, *(v for found in ends if found for v in found)]
    place = axis_place(values)
    return tuple(
        IntervalMark(place(e[0]), place(e[1]), place(e[2]), place(0.0)) if e else None for e in ends
    )


def axis_place(values: Sequence[float]) -> Callable[[float], float]:
    """Return a function that places a value on an axis (percent) that holds all values."""
    low = min(values)
    width = (max(values) - low) or 1.0
    return lambda value: round(4 + 92 * (value - low) / width, 2)


def _ends(found: Row) -> tuple[float, float, float] | None:
    estimate = finite_or_none(found.get("value"))
    if estimate is None:
        return None
    low, high = finite_or_none(found.get("low")), finite_or_none(found.get("high"))
    return (estimate if low is None else low, estimate, estimate if high is None else high)
