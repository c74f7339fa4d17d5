"""Lay moves out as bands from the left to the right, as wide as customers are many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segpredict.report._chart import Chip
from segpredict.report._format import number, share

HEIGHT = 340.0  # pixels for all customers
GAP = 8.0  # between neighbours
LABEL = 18.0  # what a name needs
WIDTH = 1000.0  # of the picture's own units, which stretch with the page


@dataclass(frozen=True, slots=True)
class Move:
    """Customers who went from one place to another."""

    start: str
    end: str
    n: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One place on either side: where its bar stands, how high, and where its name.

    Parameters
    ----------
    chip
        The place.
    n
        Customers there.
    top, height
        Where the bar stands, from the top, in units of the picture.
    label
        Where its name stands.
    """

    chip: Chip
    n: float
    top: float
    height: float
    label: float


@dataclass(frozen=True, slots=True)
class Band:
    """One move: its outline, and what it says when pointed at.

    Parameters
    ----------
    chip
        Where the customers come from.
    path
        Outline, as an SVG path.
    told
        The move as a sentence.
    """

    chip: Chip
    path: str
    told: str


@dataclass(frozen=True, slots=True)
class Sankey:
    """The whole picture; empty where nobody moved.

    Parameters
    ----------
    height
        Of the picture, in its units.
    left, right
        Where customers come from, and where they go.
    bands
        One a move.
    """

    height: float
    left: tuple[Bar, ...]
    right: tuple[Bar, ...]
    bands: tuple[Band, ...]


def sankey(moves: Sequence[Move], known: Mapping[str, Chip]) -> Sankey:
    """Return where bars and bands stand.

    Parameters
    ----------
    moves
        Counts; those of nobody are left out.
    known
        How each place is shown, in the order in which they stand, from the top.
    """
    some = [move for move in moves if move.n > 0]
    order = list(known)
    total = sum(move.n for move in some)
    if not total:
        return Sankey(0.0, (), (), ())
    unit = HEIGHT / total
    left = _bars(known, order, _sums(some, "start"), unit)
    right = _bars(known, order, _sums(some, "end"), unit)
    ends = [
        bar.top + max(bar.height, LABEL) for bar in (*left.values(), *right.values())
    ]
    return Sankey(
        round(max(ends), 1),
        tuple(left.values()),
        tuple(right.values()),
        tuple(_bands(some, order, left, right, unit)),
    )


def _sums(moves: Sequence[Move], side: str) -> dict[str, float]:
    sums: dict[str, float] = {}
    for move in moves:
        name = getattr(move, side)
        sums[name] = sums.get(name, 0.0) + move.n
    return sums


def _bars(
    known: Mapping[str, Chip],
    order: Sequence[str],
    sums: Mapping[str, float],
    unit: float,
) -> dict[str, Bar]:
    bars, top = {}, 0.0
    for name in order:
        if name in sums:
            height = sums[name] * unit
            place = top + max(height, LABEL) / 2
            bars[name] = Bar(
                known[name], sums[name], top, height, round(place + 4.5, 1)
            )
            top += max(height, LABEL) + GAP
    return bars


def _bands(
    moves: Sequence[Move],
    order: Sequence[str],
    left: Mapping[str, Bar],
    right: Mapping[str, Bar],
    unit: float,
) -> list[Band]:
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
        told = (
            f"{origin.chip.name} to {right[move.end].chip.name}: {number(move.n)} "
            f"customers, {share(move.n / origin.n)}"
        )
        bands.append(Band(origin.chip, _outline(ends[0], ends[1], thick), told))
    return bands


def _outline(start: float, end: float, thick: float) -> str:
    """Return a band between two heights as an SVG path.

    Examples
    --------
    >>> _outline(0, 10, 5)
    'M0,0C500,0 500,10 1000,10V15C500,15 500,5 0,5Z'
    """
    half, full = WIDTH / 2, WIDTH
    a, b, c, d = (
        f"{y:.1f}".removesuffix(".0") for y in (start, end, end + thick, start + thick)
    )
    return (
        f"M0,{a}C{half:g},{a} {half:g},{b} {full:g},{b}"
        f"V{c}C{half:g},{c} {half:g},{d} 0,{d}Z"
    )
