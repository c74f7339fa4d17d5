"""Sales by month of the calendar, with months that the data cover in part marked."""

from dataclasses import dataclass

from segpredict.report._findings import CheckInput
from segpredict.report._section import Section


@dataclass(frozen=True, slots=True)
class Month:
    """One month; ``width`` is its share of the best month, in percent."""

    month: str
    orders: int
    customers: int
    days: int
    sales: float
    width: float
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """The section: the months, oldest first."""

    months: tuple[Month, ...]


def calendar(bundle: CheckInput) -> Calendar | None:
    """Return the context."""
    rows = bundle.found["months"]
    if not rows:
        return None
    best = max(row["sales"] for row in rows) or 1.0
    return Calendar(
        tuple(Month(**row, width=max(0.0, 100 * row["sales"] / best)) for row in rows)
    )


PART = Section(30, "Month by month", calendar)
