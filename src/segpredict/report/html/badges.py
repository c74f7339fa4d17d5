"""Segments as the page shows them: badges in the colours of their value, and strips of a mix."""

from collections.abc import Iterable, Mapping
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


Badges = Mapping[str, SegmentBadge]  # by id


def segment_badges(segments: Iterable[Segment]) -> dict[str, SegmentBadge]:
    """Return how each segment is shown, by id.

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


def stacked_strip(rows: Iterable[Any], amount: str) -> tuple[StripPiece, ...]:
    """Return a stacked strip that fills the width, a piece for the ``badge`` of each row.

    Parameters
    ----------
    rows, amount
        Rows with a ``badge``, and the field with their part; a missing one has no width.
    """
    amounts = [(row.badge, finite_or_none(getattr(row, amount)) or 0.0) for row in rows]
    total = sum(part for _, part in amounts)
    pieces, left = [], 0.0
    for badge, part in amounts:
        width = 100 * part / total if total else 0.0
        pieces.append(StripPiece(badge, round(left, 3), round(width, 3)))
        left += width
    return tuple(pieces)
