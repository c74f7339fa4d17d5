"""What sets customers apart who move from one segment to another."""

from dataclasses import dataclass

import polars as pl

from segpredict.report._chart import Chip, chips
from segpredict.report._input import ReportInput
from segpredict.report._section import Section
from segpredict.report.sections.topics import CAUTION

TOP = 6
OPEN = 2  # moves that are shown unfolded


@dataclass(frozen=True, slots=True)
class Pull:
    """One group of columns: how it pulls movers and stayers.

    Parameters
    ----------
    name, meaning
        The group and what its leading column is.
    movers, stayers
        Mean contribution to the log-odds of moving, among those expected to move and
        among those expected to stay.
    mover, stayer, zero
        Their places on the axis, in percent.
    odds_ratio
        Of the gap between the two.
    """

    name: str
    meaning: str
    movers: float
    stayers: float
    mover: float
    stayer: float
    zero: float
    odds_ratio: float


@dataclass(frozen=True, slots=True)
class Move:
    """One move.

    Parameters
    ----------
    start, end
        From which segment to which.
    expected
        Customers expected to make it.
    pulls
        The groups, widest gap first.
    is_open
        Whether it is shown unfolded.
    """

    start: Chip
    end: Chip
    expected: float
    pulls: tuple[Pull, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Pulls:
    """The section: moves, most expected first.

    Parameters
    ----------
    moves
        Most expected first.
    caution
        What it does not say.
    """

    moves: tuple[Move, ...]
    caution: str = CAUTION


def pulls(bundle: ReportInput) -> Pulls | None:
    """Return the context; ``None`` where no move has enough customers."""
    table = bundle.moves
    if table is None or table.is_empty():
        return None
    known = chips(bundle.segments)
    pairs = (
        table.select("from_id", "to_id", "expected")
        .unique(maintain_order=True)
        .sort("expected", descending=True, maintain_order=True)
    )
    return Pulls(
        tuple(
            Move(
                known[start],
                known[end],
                expected,
                _pulls(table.filter(from_id=start, to_id=end).head(TOP), bundle),
                place < OPEN,
            )
            for place, (start, end, expected) in enumerate(pairs.iter_rows())
            if start in known and end in known
        )
    )


def _pulls(rows: pl.DataFrame, bundle: ReportInput) -> tuple[Pull, ...]:
    meanings = {feature.name: feature.meaning for feature in bundle.glossary}
    ends = [0.0, *rows["movers"], *rows["stayers"]]
    low: float = min(ends)
    wide: float = (max(ends) - low) or 1.0

    def place(value: float) -> float:
        return round(4 + 92 * (value - low) / wide, 2)

    return tuple(
        Pull(
            name=row["name"],
            meaning=meanings.get(row["name"], ""),
            movers=row["movers"],
            stayers=row["stayers"],
            mover=place(row["movers"]),
            stayer=place(row["stayers"]),
            zero=place(0.0),
            odds_ratio=row["odds_ratio"],
        )
        for row in rows.to_dicts()
    )


PART = Section(52, "What sets movers apart", pulls)
