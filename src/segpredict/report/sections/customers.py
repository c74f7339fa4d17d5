"""The customers to look at first, with what their forecast rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segpredict.report._chart import Chip, chips
from segpredict.report._format import figure
from segpredict.report._input import ReportInput
from segpredict.report._section import Section
from segpredict.report.sections.topics import CAUTION

# The name of a list, its heading, and the column that it is ranked by.
HEADINGS = (
    ("at risk", "Most revenue at risk", "value_at_risk"),
    ("on the way up", "Most to be won", "upside"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One customer on a list.

    Parameters
    ----------
    rank, id
        Place on the list, and the customer.
    now, next
        Segment now, and the likeliest next.
    chance
        Of a fall, on the list of those at risk; of a rise on the other.
    stake
        Worth expected to be lost or won, in currency.
    spent, expected
        Spent to date, and expected in the next window.
    reasons
        What speaks for the forecast, strongest first.
    """

    rank: int
    id: str
    now: Chip
    next: Chip
    chance: float | None
    stake: float | None
    spent: float | None
    expected: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortlist:
    """One list: what it is called, who stands on it, and what they hold together.

    Parameters
    ----------
    title
        Its heading.
    is_risk
        Whether it ranks by what may be lost; else by what may be won.
    listed
        The customers, best first.
    sum
        What they hold together, in currency.
    """

    title: str
    is_risk: bool
    listed: tuple[Listed, ...]
    sum: float


@dataclass(frozen=True, slots=True)
class Customers:
    """The section.

    Parameters
    ----------
    lists
        The lists: most at risk, most to be won.
    caution
        The warning that belongs to reasons.
    """

    lists: tuple[Shortlist, ...]
    caution: str = CAUTION


def customers(bundle: ReportInput) -> Customers | None:
    """Return the context; ``None`` where single customers must not be shown."""
    known = chips(bundle.segments)
    found = tuple(
        _shortlist(bundle, known, name, title, by) for name, title, by in HEADINGS
    )
    filled = tuple(each for each in found if each.listed)
    return Customers(filled) if filled else None


def _shortlist(
    bundle: ReportInput, known: Mapping[str, Chip], name: str, title: str, by: str
) -> Shortlist:
    is_risk = by == "value_at_risk"
    rows = [row for row in bundle.customers if row["list"] == name]
    listed = tuple(
        _listed(row, known, by, "p_down" if is_risk else "p_up")
        for row in rows
        if row["segment_id"] in known and row["next_segment_id"] in known
    )
    return Shortlist(title, is_risk, listed, sum(each.stake or 0.0 for each in listed))


def _listed(
    row: Mapping[str, Any], known: Mapping[str, Chip], stake: str, chance: str
) -> Listed:
    return Listed(
        rank=int(row["rank"]),
        id=str(row["customer_id"]),
        now=known[row["segment_id"]],
        next=known[row["next_segment_id"]],
        chance=figure(row[chance]),
        stake=figure(row[stake]),
        spent=figure(row.get("spent_to_date")),
        expected=figure(row["expected_value"]),
        reasons=tuple(str(text) for text in row["reasons"]),
    )


PART = Section(54, "Customers to look at first", customers)
