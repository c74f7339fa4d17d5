"""Where every row, order, customer and penny of the input went."""

from dataclasses import dataclass

from segpredict.report._input import ReportInput
from segpredict.report._section import Section
from segpredict.tables import Count, Stage


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger; money in units of 10⁻⁴.

    Parameters
    ----------
    stage
        ``in``, ``rejected``, ``excluded``, ``used`` or ``noted``.
    rule, meaning
        The rule of cleaning, and what it says in a sentence.
    count
        How much it concerns.
    """

    stage: str
    rule: str
    meaning: str
    count: Count


@dataclass(frozen=True, slots=True)
class File:
    """One file that was read.

    Parameters
    ----------
    name, rows
        The file as it was given, and its rows.
    sha256
        Hash of its bytes; empty for frames.
    detected
        What was found out on the way, by topic.
    """

    name: str
    rows: int
    sha256: str
    detected: dict[str, str]


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """The section.

    Parameters
    ----------
    given, lost, used
        What came in, what was left out and why, what was used.
    noted
        Parts of what was used that deserve a word.
    adds_up
        Whether used and left out make what came in, in all four columns.
    share_used
        Rows used of rows read.
    files
        What was read.
    """

    given: tuple[Line, ...]
    lost: tuple[Line, ...]
    used: tuple[Line, ...]
    noted: tuple[Line, ...]
    adds_up: bool
    share_used: float | None
    files: tuple[File, ...]


def ledger(bundle: ReportInput) -> LedgerPage:
    """Return the context of the ledger."""
    book = bundle.ledger

    def lines(*stages: Stage) -> tuple[Line, ...]:
        found = (entry for entry in book.entries if entry.stage in stages)
        return tuple(Line(e.stage, e.rule, e.meaning, e.count) for e in found)

    rows = book.total("in").rows
    return LedgerPage(
        given=lines("in"),
        lost=lines("rejected", "excluded"),
        used=lines("used"),
        noted=lines("noted"),
        adds_up=book.adds_up,
        share_used=book.total("used").rows / rows if rows else None,
        files=tuple(
            File(f.name, f.rows, f.sha256, f.detected.shown()) for f in bundle.files
        ),
    )


PART = Section(60, "Where the data went", ledger)
