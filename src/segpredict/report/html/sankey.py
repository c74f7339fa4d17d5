"""Layout of a Sankey diagram: bands from left to right, as wide as their customers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segpredict.report.formatting import format_number, format_share
from segpredict.report.html.badges import Badges, SegmentBadge

DIAGRAM_HEIGHT = 340.0  # pixels for all customers
NODE_GAP = 8.0  # between neighbours
LABEL_HEIGHT = 18.0  # room for a name
DIAGRAM_WIDTH = 1000.0  # in units of the picture, which stretch with the page


@dataclass(frozen=True, slots=True)
class SankeyFlow:
    """Customers who moved from one state to another."""

    start: str
    end: str
    n: float


@dataclass(frozen=True, slots=True)
class SankeyNode:
    """One state on either side: position and height of its bar, position of its name."""

    badge: SegmentBadge  # the state
    n: float  # its customers
    # position of the bar from the top, in units of the picture
    top: float
    height: float
    label: float  # position of its name


@dataclass(frozen=True, slots=True)
class SankeyBand:
    """One band: its outline and its tooltip."""

    badge: SegmentBadge  # the state of origin
    path: str  # outline, as an SVG path
    tooltip: str  # the flow as a sentence


@dataclass(frozen=True, slots=True)
class SankeyDiagram:
    """The diagram; empty without customers."""

    height: float  # its height, in units of the picture
    # states of origin, and target states
    left: tuple[SankeyNode, ...]
    right: tuple[SankeyNode, ...]
    bands: tuple[SankeyBand, ...]  # one per flow


def layout_sankey(flows: Sequence[SankeyFlow], badges: Badges) -> SankeyDiagram:
    """Return the positions of nodes and bands."""
    moves = [flow for flow in flows if flow.n > 0]
    order = list(badges)
    total = sum(flow.n for flow in moves)
    if not total:
        return SankeyDiagram(0.0, (), (), ())
    unit = DIAGRAM_HEIGHT / total
    left = _bars(badges, order, _sums(moves, "start"), unit)
    right = _bars(badges, order, _sums(moves, "end"), unit)
    ends = [bar.top + max(bar.height, LABEL_HEIGHT) for bar in (*left.values(), *right.values())]
    return SankeyDiagram(
        round(max(ends), 1),
        tuple(left.values()),
        tuple(right.values()),
        tuple(_bands(moves, order, left, right, unit)),
    )


def _sums(moves: Sequence[SankeyFlow], side: str) -> dict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for move in moves:
        sums[getattr(move, side)] += move.n
    return sums


def _bars(
    known: Badges, order: Sequence[str], sums: Mapping[str, float], unit: float
) -> dict[str, SankeyNode]:
    bars, top = {}, 0.0
    for name in order:
        if name in sums:
            height = sums[name] * unit
            place = top + max(height, LABEL_HEIGHT) / 2
            bars[name] = SankeyNode(known[name], sums[name], top, height, round(place + 4.5, 1))
            top += max(height, LABEL_HEIGHT) + NODE_GAP
    return bars


def _bands(
    moves: Sequence[SankeyFlow],
    order: Sequence[str],
    left: Mapping[str, SankeyNode],
    right: Mapping[str, SankeyNode],
    unit: float,
) -> list[SankeyBand]:
    place = {name: i for i, name in enumerate(order)}
    used = {("start", n): b.top for n, b in left.items()}
    used |= {("end", n): b.top for n, b in right.items()}
    bands = []
    for move in sorted(moves, key=lambda m: (place[m.start], place[m.end])):
        thick = move.n * unit
        ends = []
        for side, name in (("start", move.start), ("end", move.end)):
            ends.append(used[side, name])
            used[side, name] += thick
        origin = left[move.start]
        tooltip = (
            f"{origin.badge.name} to {right[move.end].badge.name}: {format_number(move.n)} "
            f"customers, {format_share(move.n / origin.n)}"
        )
        bands.append(SankeyBand(origin.badge, _outline(ends[0], ends[1], thick), tooltip))
    return bands


def _outline(start: float, end: float, thick: float) -> str:
    """Return a band between two heights as an SVG path.

    >>> _outline(0, 10, 5)
    'M0,0C500,0 500,10 1000,10V15C500,15 500,5 0,5Z'
    """
    half, full = DIAGRAM_WIDTH / 2, DIAGRAM_WIDTH
    a, b, c, d = (f"{y:.1f}".removesuffix(".0") for y in (start, end, end + thick, start + thick))
    return f"M0,{a}C{half:g},{a} {half:g},{b} {full:g},{b}V{c}C{half:g},{c} {half:g},{d} 0,{d}Z"
