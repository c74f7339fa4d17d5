"""A few customers, explained in words."""

from dataclasses import dataclass

from segpredict.report._chart import Chip, chips
from segpredict.report._input import ReportInput
from segpredict.report._section import Section
from segpredict.report.sections.topics import CAUTION


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks for the forecast, or against it.

    Parameters
    ----------
    speaks
        ``for`` or ``against`` the segment that is named.
    text
        The reason as a sentence.
    """

    speaks: str
    text: str


@dataclass(frozen=True, slots=True)
class Person:
    """One customer.

    Parameters
    ----------
    id, kind
        The customer, and why they stand here.
    now, next
        Segment now, and the likeliest next.
    chance
        Of the likeliest next.
    expected_value, value_at_risk
        In currency.
    reasons
        Strongest first, those against last.
    """

    id: str
    kind: str
    now: Chip
    next: Chip
    chance: float
    expected_value: float
    value_at_risk: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class People:
    """The section.

    Parameters
    ----------
    people
        Up to three customers.
    caution
        What reasons are not.
    """

    people: tuple[Person, ...]
    caution: str = CAUTION


def people(bundle: ReportInput) -> People | None:
    """Return the context; ``None`` where nobody was explained."""
    known = chips(bundle.segments)
    found = tuple(
        Person(
            id=row["customer_id"],
            kind=row["kind"],
            now=known[row["segment_id"]],
            next=known[row["next_segment_id"]],
            chance=row[f"p_{row['next_segment_id']}"],
            expected_value=row["expected_value"],
            value_at_risk=row["value_at_risk"],
            reasons=tuple(Reason(r["speaks"], r["text"]) for r in row["reasons"]),
        )
        for row in bundle.people
        if row["segment_id"] in known and row["next_segment_id"] in known
    )
    return People(found) if found else None


PART = Section(53, "Three customers, explained", people)
