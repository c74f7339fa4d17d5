"""Rows that could not be read as data."""

from dataclasses import dataclass

from segpredict.report._findings import CheckInput
from segpredict.report._section import Section


@dataclass(frozen=True, slots=True)
class Bad:
    """One row: where it stands, what stands there, and what is wrong with it."""

    file: str
    row: int
    column: str
    value: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class BadRows:
    """The section: how many rows by reason, and the first of them."""

    reasons: dict[str, int]
    examples: tuple[Bad, ...]


def bad_rows(bundle: CheckInput) -> BadRows | None:
    """Return the context."""
    reasons = {row["reason"]: row["rows"] for row in bundle.found["bad_rows"]}
    if not reasons:
        return None
    return BadRows(reasons, tuple(Bad(**row) for row in bundle.found["bad_examples"]))


PART = Section(70, "Rows that cannot be read", bad_rows)
