"""Segments as the page shows them: badges in the colours of their value, and strips of a mix."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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


def stacked_strip(mix: Mapping[str, float], badges: Badges) -> tuple[StripPiece, ...]:
    """Return the pieces of a stacked strip that fills the width."""
    amounts = {i: finite_or_none(mix.get(i)) or 0.0 for i in badges}
    total = sum(amounts.values())
    pieces, left = [], 0.0
    for name, amount in amounts.items():
        width = 100 * amount / total if total else 0.0
        pieces.append(StripPiece(badges[name], round(left, 3), round(width, 3), amount))
        left += width
    return tuple(pieces)
